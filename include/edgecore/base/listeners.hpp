// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <set>

namespace edgecore {

/// The listening sockets of one life of a module. If the module hangs, its thread cannot close them: another
/// one shuts them down here, which frees their addresses for the module's next life, and the clients in their
/// backlogs see the end of their connections. The Supervisor makes one for each life, whose thread adopts it.
class Listeners {
 public:
  /// Shuts down all sockets, and from now on each that is added. Any thread.
  void shut_down();

  /// Assigns the calling thread to these; nullptr: to none.
  static void adopt(std::shared_ptr<Listeners> listeners);

  /// Registers a listening socket with the calling thread's Listeners, if it has any. Owned beside the
  /// socket, and destroyed before it is closed; any thread.
  class [[nodiscard]] Entry {
   public:
    explicit Entry(int fd);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry();

   private:
    std::shared_ptr<Listeners> of_;
    int fd_;
  };

 private:
  void add(int fd);
  void remove(int fd);

  std::mutex mutex_;
  std::set<int> sockets_;
  bool down_ = false;
};

}  // namespace edgecore
