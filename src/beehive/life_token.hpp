// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

namespace edgecore::beehive {

/// Tells the bus about the life of a module whose thread is calling. The Supervisor makes one for each life
/// and lets the life's thread adopt it; it is how a thread that was given up for hung is kept from the bus
/// when it comes back. Threads that are no module's have none.
class LifeToken {
 public:
  /// From now on the life's thread gets nothing from the bus and puts nothing into it. Any thread.
  void abandon() { abandoned_ = true; }
  [[nodiscard]] bool abandoned() const { return abandoned_; }

  /// The calling thread belongs to this life from now on.
  static void adopt(std::shared_ptr<LifeToken> token);
  /// Of the calling thread; nullptr when it belongs to no module.
  static const std::shared_ptr<LifeToken>& current();
  static bool this_thread_abandoned();

 private:
  std::atomic<bool> abandoned_{false};
};

}  // namespace edgecore::beehive
