// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <set>
#include <string>

#include "edgecore/async/task_group.hpp"
#include "edgecore/beehive/lane.hpp"
#include "edgecore/beehive/module.hpp"

namespace edgecore::edgehub {

/// Messages from the cloud on their way to the modules' mailboxes, in a lane for each module. The tunnel's
/// reader never waits for a mailbox: behind a message for a busy module may be the answer that this very
/// module waits for. Belongs to the module's thread.
class Inbound {
 public:
  Inbound(beehive::ModuleContext& context, async::TaskGroup& tasks, std::size_t max_bytes);

  /// Queues a message for one module, in order. False when the limit is reached: then the session must end,
  /// so that the cloud sends again what was not acknowledged. A message for a module that is disabled, or has
  /// failed for good, is dropped; the log says so once.
  bool deliver(const std::string& module, beehive::MessagePtr message);
  /// The same for each member of a Beehive group.
  bool deliver_to_group(const std::string& group, const beehive::MessagePtr& message);

 private:
  boost::asio::awaitable<void> hand_over(std::string module, beehive::MessagePtr message);
  void report_dropped(const std::string& module, const std::string& why);

  beehive::ModuleContext& context_;
  beehive::Lanes<beehive::MessagePtr> lanes_;
  std::set<std::string> dropping_;  ///< modules for which messages are dropped, as the log has said
};

}  // namespace edgecore::edgehub
