// SPDX-License-Identifier: Apache-2.0
#include "edgecore/servicebus/servicebus.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "edgecore/async/task_group.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/names.hpp"
#include "servicebus/app_server.hpp"
#include "servicebus/service_calls.hpp"
#include "servicebus/target_urls.hpp"

namespace edgecore::servicebus {
namespace {

namespace op = names::operation;

/// Bus operations that are not HTTP methods: not for this module.
constexpr std::array<std::string_view, 8> kNoMethods = {
    "", op::kPublish, op::kSubscribe, op::kUnsubscribe, op::kUpload, op::kResponse, op::kError, op::kConnect};

class ServiceBus final : public beehive::Module {
 public:
  ServiceBus(beehive::ModuleContext& context, const ServiceBusDeps& deps)
      : context_(context),
        deps_(deps),
        tasks_(context.executor),
        targets_(context, deps.store, deps_.tuning, [this] { server_.look(); }),
        server_(context, targets_, deps_.config, deps_.tuning),
        calls_(context, tasks_, deps_.tuning) {}

  boost::asio::awaitable<void> run() override {
    tasks_.spawn("target URLs", targets_.run());
    tasks_.spawn("server for programs", server_.run());
    tasks_.spawn("mailbox", read_mailbox());
    co_await tasks_.join();
  }

 private:
  boost::asio::awaitable<void> read_mailbox() {
    for (;;) {
      const beehive::Delivery delivery = co_await context_.mailbox->receive();
      dispatch(*delivery);
    }
  }

  /// Never waits.
  void dispatch(const beehive::Message& message) {
    const auto& route = message.route;
    if (route.source != names::source::kRouterServiceBus) return;
    if (route.operation == op::kStart) return targets_.start(route.resource);
    if (route.operation == op::kStop) return targets_.stop(route.resource);
    const bool method = std::find(kNoMethods.begin(), kNoMethods.end(), route.operation) == kNoMethods.end();
    if (method && !message.header.id.empty()) calls_.take(message);
  }

  // Members are made in this order and destroyed in the reverse one.
  beehive::ModuleContext& context_;
  ServiceBusDeps deps_;
  async::TaskGroup tasks_;
  TargetUrls targets_;
  AppServer server_;
  ServiceCalls calls_;
};

}  // namespace

beehive::ModuleFactory make_servicebus(ServiceBusDeps deps) {
  return [deps = std::move(deps)](beehive::ModuleContext& context) -> std::unique_ptr<beehive::Module> {
    return std::make_unique<ServiceBus>(context, deps);
  };
}

}  // namespace edgecore::servicebus
