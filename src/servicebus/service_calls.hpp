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

/// The cloud's calls of services on this node. They run concurrently within the limits of `tuning`, per port
/// in order of arrival, and each is answered. A call is made at most once: if the module fails during one,
/// the cloud gets no answer and decides whether to repeat it. All references outlive this and what runs in
/// `tasks`. One thread.
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
  /// The calls of one port.
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
  std::uint16_t last_port_ = 0;  ///< port of the last started call
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  log::Quiet refused_;
};

}  // namespace edgecore::servicebus
