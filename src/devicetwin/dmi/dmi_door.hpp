// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <thread>
#include <vector>

#include "edgecore/base/log.hpp"
#include "edgecore/base/process.hpp"

namespace edgecore::devicetwin {

/// Connects to a unix socket, without waiting; the descriptor does not block. Throws SystemError, which says
/// what went wrong at `path`, and BadInput when no socket can have that path.
FileDescriptor connect_to_socket(const std::filesystem::path& path);

/// The unix socket at which mappers knock. gRPC does not bound the number of connections it takes; so the
/// door takes them and hands each on, while fewer than `most` are open. One thread that sleeps until somebody
/// comes or goes.
class Door {
 public:
  /// Gets a connection that does not block, and owns it. Called on the door's thread.
  using Take = std::function<void(int fd)>;

  /// Opens the socket and the thread. The file's mode is what the umask leaves of 0777. A socket that nobody
  /// listens on is replaced. Throws Error, in a sentence for the operator.
  Door(std::filesystem::path path, std::size_t most, Take take);
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  /// Closes the socket and removes its file. What was handed on stays open.
  ~Door();

 private:
  void listen();
  void run();
  bool accept_all();  // false when the process has no descriptor left for another connection
  [[nodiscard]] std::vector<pollfd> watched_guests() const;
  void forget_closed();

  const std::filesystem::path path_;
  const std::size_t most_;
  const Take take_;
  FileDescriptor listener_;
  dev_t device_ = 0;  // with inode_: the file that is ours to remove
  ino_t inode_ = 0;
  FileDescriptor stop_;                 // an eventfd
  std::vector<FileDescriptor> guests_;  // copies of those handed on, to see when they end
  log::Quiet refused_;
  std::thread thread_;
};

}  // namespace edgecore::devicetwin
