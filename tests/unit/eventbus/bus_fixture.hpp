// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/beehive/supervisor.hpp"
#include "edgecore/eventbus/eventbus.hpp"
#include "edgecore/store/mqtt_uploads.hpp"
#include "edgecore/store/store.hpp"
#include "edgecore/store/sub_topics.hpp"
#include "support/eventually.hpp"
#include "support/temporary_directory.hpp"
#include "unit/eventbus/memory_broker.hpp"

namespace edgecore::eventbus {

using namespace std::chrono_literals;
using beehive::MessagePtr;
using test::eventually;

/// The module on a real bus with a real store; the test reads the mailboxes of `websocket` and `twin`.
class BusFixture : public testing::Test {
 protected:
  ~BusFixture() override { stop(); }

  void start() {
    if (!store) {
      store::Options options;
      options.path = scratch / "edgecore.db";
      store.emplace(options);
    }
    bus.emplace();
    cloud = bus->add_module(names::module::kEdgeHub, names::group::kHub);
    if (with_twin) twin = bus->add_module(names::module::kTwin, names::group::kTwin, twin_limits);
    beehive::SupervisorOptions options;
    options.first_backoff = 5ms;
    supervisor.emplace(*bus, SystemClock::instance(), options,
                       [](const std::string&, const MessagePtr&, const std::string&) {});
    beehive::ModuleSpec spec;
    spec.name = names::module::kEventBus;
    spec.group = names::group::kBus;
    EventBusDeps deps{*store, client};
    module_options.broker_directory = scratch / "mosquitto";
    spec.make = make_eventbus(module_options, std::move(deps));
    std::vector<beehive::ModuleSpec> specs;
    specs.push_back(std::move(spec));
    supervisor->start(std::move(specs));
  }
  void stop() {
    if (supervisor) {
      EXPECT_TRUE(supervisor->stop());
      for (const auto& module : supervisor->states()) EXPECT_EQ(module.restarts, 0U) << module.last_failure;
    }
    supervisor.reset();
    if (bus) bus->stop();
  }
  /// Like kill -9 and a new start: only the database remains.
  void restart() {
    stop();
    cloud.reset();
    twin.reset();
    bus.reset();
    start();
  }

  void send(beehive::Message message) {
    ASSERT_TRUE(bus->try_send(names::module::kEventBus, std::move(message)));
  }
  void from_router(const std::string& operation, const std::string& resource,
                   nlohmann::json content = nullptr) {
    send(beehive::make_message(names::source::kRouterEventBus, names::group::kUser, operation, resource,
                               std::move(content)));
  }
  void from_twin(const std::string& topic, const std::string& payload) {
    send(beehive::make_message(names::module::kTwin, names::group::kBus, names::operation::kPublish, topic,
                               payload));
  }
  void tunnel(bool up) {
    send(beehive::make_message(names::source::kEdgeHub, names::group::kBus, names::operation::kConnect,
                               names::resource::kNodeConnection,
                               up ? names::content::kCloudConnected : names::content::kCloudDisconnected));
  }

  /// The next message a module gets; nullptr after `patience`.
  static MessagePtr next(const std::shared_ptr<beehive::Mailbox>& mailbox,
                         std::chrono::milliseconds patience = 5s) {
    const auto deadline = steady_now() + patience;
    do {
      if (auto delivery = mailbox->try_receive()) return delivery.message();
      std::this_thread::sleep_for(1ms);
    } while (steady_now() < deadline);
    return nullptr;
  }
  /// The payload of the next upload, which then waits for its receipt in `unconfirmed`; "" if none comes.
  std::string next_upload(std::chrono::milliseconds patience = 5s) {
    const MessagePtr message = next(cloud, patience);
    if (!message) return {};
    EXPECT_EQ(message->route.source, "bus");
    EXPECT_EQ(message->route.group, "user");
    EXPECT_EQ(message->route.operation, "upload");
    unconfirmed.push_back(message);
    return message->content.get<std::string>();
  }
  /// Answers like edgehub: the cloud has received them, or the connection ended first.
  void answer_all(bool arrived) {
    for (const MessagePtr& message : unconfirmed) {
      bus->respond(arrived
                       ? beehive::make_response(*message, names::content::kOk)
                       : beehive::make_error(*message, names::module::kEdgeHub, names::group::kHub, "lost"));
    }
    unconfirmed.clear();
  }

  std::vector<std::string> stored_topics() { return store::sub_topics::list(store->open_reader()); }
  std::size_t stored_uploads() { return store::mqtt_uploads::total(store->open_reader()).messages; }

  edgecore::test::TemporaryDirectory scratch;
  MemoryBroker broker;
  EventBusOptions module_options;
  std::function<std::unique_ptr<MqttClient>()> client = [this] { return broker.client(); };
  beehive::MailboxLimits twin_limits;
  bool with_twin = true;
  std::optional<store::Store> store;
  std::optional<beehive::Bus> bus;
  std::shared_ptr<beehive::Mailbox> cloud, twin;
  std::optional<beehive::Supervisor> supervisor;
  std::vector<MessagePtr> unconfirmed;
};

}  // namespace edgecore::eventbus
