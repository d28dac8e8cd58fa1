// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "edgecore/beehive/module.hpp"
#include "edgecore/beehive/task_group.hpp"
#include "edgecore/beehive/wakeup.hpp"

namespace edgecore::edgehub {

/// What came from the cloud and waits for room in a module's mailbox. The tunnel's reader never waits for a
/// module: it would hold up the replies that others wait for. One queue and one
/// task per module, so that a stuck one holds up only itself; bounded in bytes. Belongs to the module's
/// thread.
class Inbound {
 public:
  Inbound(beehive::ModuleContext& context, beehive::TaskGroup& tasks, std::size_t max_bytes)
      : context_(context), tasks_(tasks), max_bytes_(max_bytes) {}

  /// Queues for one module, in order. False when the limit is reached: the session must end, so that the
  /// cloud sends again what was not acknowledged. A module that is not there (disabled), or has failed for
  /// good, gets nothing, which is said once.
  bool deliver(const std::string& module, beehive::Message message);
  /// The same for each member of a Beehive group.
  bool deliver_to_group(const std::string& group, const beehive::Message& message);

 private:
  struct Lane {
    explicit Lane(boost::asio::any_io_executor executor) : filled(std::move(executor)) {}
    std::deque<beehive::Message> waiting;
    beehive::Wakeup filled;
    bool absent_reported = false;
    bool refusal_reported = false;
  };
  Lane& lane_of(const std::string& module);
  boost::asio::awaitable<void> pump(std::string module, std::shared_ptr<Lane> lane);

  beehive::ModuleContext& context_;
  beehive::TaskGroup& tasks_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::map<std::string, std::shared_ptr<Lane>> lanes_;
};

}  // namespace edgecore::edgehub
