// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "edgecore/base/listeners.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/process.hpp"

namespace edgecore::devicetwin {

/// Connects to a unix socket without waiting; the descriptor is non-blocking. Throws SystemError naming
/// `path`, and BadInput if the path cannot be a socket's.
FileDescriptor connect_to_socket(const std::filesystem::path& path);

/// The listener of the mappers' unix socket. gRPC does not limit its connections, so this class accepts them
/// and passes each on while fewer than `most` are open. One thread, which sleeps until a connection opens or
/// closes.
class Door {
 public:
  /// Gets a non-blocking connection and owns it. Called on the listener's thread.
  using Take = std::function<void(int fd)>;

  /// Opens the socket and starts the thread. Only root may connect: the file's mode is 0600, and
  /// that of the Go agent lets nobody else in either. A socket without a listener is replaced. Throws Error
  /// with a sentence for the operator.
  Door(std::filesystem::path path, std::size_t most, Take take);
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  /// Closes the socket and removes its file. Accepted connections stay open.
  ~Door();

 private:
  void listen();
  void run();
  bool accept_all();  // false if the process has no free descriptor
  [[nodiscard]] std::vector<pollfd> watched_guests() const;
  void forget_closed();

  const std::filesystem::path path_;
  const std::size_t most_;
  const Take take_;
  FileDescriptor listener_;
  std::optional<Listeners::Entry> listening_;
  dev_t device_ = 0;  // with inode_: identifies our own file, to remove only that
  ino_t inode_ = 0;
  FileDescriptor stop_;                 // an eventfd
  std::vector<FileDescriptor> guests_;  // duplicates of accepted connections, to notice when they close
  log::Quiet refused_;
  std::thread thread_;
};

}  // namespace edgecore::devicetwin
