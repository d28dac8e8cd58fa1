// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

namespace edgecore::beehive {

/// Tells the bus which module life a calling thread belongs to, so that an abandoned thread which continues
/// cannot use the bus. The Supervisor makes one for each life, and the life's thread adopts it. Other threads
/// have none.
class LifeToken {
 public:
  /// Bars the life's thread from the bus. Any thread.
  void abandon() { abandoned_ = true; }
  [[nodiscard]] bool abandoned() const { return abandoned_; }

  /// Assigns the calling thread to this life.
  static void adopt(std::shared_ptr<LifeToken> token);
  /// The token of the calling thread; nullptr if it does not belong to a module.
  static const std::shared_ptr<LifeToken>& current();
  static bool this_thread_abandoned();

 private:
  std::atomic<bool> abandoned_{false};
};

}  // namespace edgecore::beehive
