// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/servicebus/servicebus.hpp"
#include "servicebus/byte_budget.hpp"
#include "servicebus/service_request.hpp"

namespace edgecore::servicebus {

/// The cloud's calls of services on this node: made beside each other, as many as `tuning` allows, in order
/// of arrival for each port, and each answered. A call is made at most once: when the module fails in the
/// middle of one, the cloud hears nothing and decides. All references outlive it and what runs in `tasks`.
/// One thread.
class ServiceCalls {
 public:
  ServiceCalls(beehive::ModuleContext& context, async::TaskGroup& tasks, const ServiceBusTuning& tuning);

  /// Never waits.
  void take(const beehive::Message& message);

 private:
  struct Call {
    Call(std::string from, ServiceRequest what, ByteBudget& budget)
        : id(std::move(from)), request(std::move(what)), share(budget) {}
    std::string id;  ///< of the cloud's message
    ServiceRequest request;
    ByteShare share;
    SteadyTime arrived = steady_now();
  };
  using CallPtr = std::unique_ptr<Call>;
  /// Calls of one port.
  struct Lane {
    std::deque<CallPtr> waiting;
    std::size_t running = 0;
  };

  [[nodiscard]] CallPtr next();
  void begin_what_may();
  boost::asio::awaitable<void> run(CallPtr call);
  boost::asio::awaitable<void> make(CallPtr call);
  void ended(std::uint16_t port);
  void refuse(const std::string& id, const ServiceAnswer& answer);
  boost::asio::awaitable<void> send(const std::string& id, ServiceAnswer answer);

  beehive::ModuleContext& context_;
  async::TaskGroup& tasks_;
  const ServiceBusTuning& tuning_;
  ByteBudget budget_;
  std::map<std::uint16_t, Lane> lanes_;
  std::uint16_t last_port_ = 0;  ///< the lane that had its turn last
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  log::Quiet refused_;
};

}  // namespace edgecore::servicebus
