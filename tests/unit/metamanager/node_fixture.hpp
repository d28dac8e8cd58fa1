// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/beehive/supervisor.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/time.hpp"
#include "edgecore/metamanager/metamanager.hpp"
#include "unit/metamanager/temporary_store.hpp"

namespace edgecore::metamanager {

using namespace std::chrono_literals;
using beehive::MessagePtr;

/// The module on a real bus with a real store; the test reads the mailboxes of `websocket`, `edged` and
/// `twin`.
class NodeFixture : public testing::Test {
 protected:
  using Answer = std::future<MessagePtr>;
  static constexpr std::chrono::milliseconds kSoon{50};

  NodeFixture() {
    tuning.local_copy_patience = 1min;  // of a test about a slow cloud: kSoon
    tuning.gone_pod_recheck = 20ms;
    tuning.resync_timeout = 200ms;
    tuning.resync_pause = 20ms;
    bus.emplace();
    cloud = bus->add_module("websocket", "hub");
    edged = bus->add_module("edged", "edged");
    twin = bus->add_module("twin", "twin");
    asking_thread = std::thread([this] { asking.run(); });
  }
  ~NodeFixture() override {
    if (supervisor) supervisor->stop();
    bus->stop();
    work.reset();
    asking_thread.join();
  }

  /// Makes it a node whose database was never lost, as most tests need.
  void forget_resync() {
    store->write([](store::Transaction& into) { store::info::clear_resync_needed(into); });
  }
  void start() {
    beehive::SupervisorOptions options;
    options.first_backoff = 5ms;
    supervisor.emplace(*bus, clock, options,
                       [](const std::string&, const MessagePtr&, const std::string&) {});
    config::MetaManager config;
    config.remote_query_timeout = 2;
    beehive::ModuleSpec spec;
    spec.name = names::module::kMetaManager;
    spec.group = names::group::kMeta;
    spec.make = make_metamanager(MetaManagerDeps{*store, node_name, config, tuning});
    supervisor->start({std::move(spec)});
  }
  void start_connected() {
    forget_resync();
    start();
    connect(true);
  }
  void connect(bool up) {
    push(beehive::make_message(names::source::kEdgeHub, names::group::kMeta, names::operation::kConnect,
                               names::resource::kNodeConnection,
                               up ? names::content::kCloudConnected : names::content::kCloudDisconnected));
  }

  void push(beehive::Message message) {
    ASSERT_TRUE(bus->try_send(names::module::kMetaManager, std::move(message)));
  }
  beehive::Message from_cloud(const std::string& operation, const std::string& resource, const Json& content,
                              const std::string& source = "edgecontroller") {
    return beehive::make_message(source, names::group::kResource, operation, resource, content);
  }
  /// Sends edged's request.
  Answer ask(const std::string& operation, const std::string& resource, const Json& content = nullptr) {
    beehive::Message question =
        beehive::make_message(names::module::kEdged, names::group::kMeta, operation, resource, content);
    return boost::asio::co_spawn(asking, bus->request(names::module::kMetaManager, std::move(question), 8s),
                                 boost::asio::use_future);
  }
  static MessagePtr wait(Answer& answer) {
    if (answer.wait_for(5s) != std::future_status::ready) return nullptr;
    return answer.get();
  }
  /// The answer's content; null and a failure if none came.
  static Json content(Answer answer) {
    const auto message = wait(answer);
    EXPECT_TRUE(message) << "no answer within 5 s";
    return message ? message->content : Json();
  }
  Json get(const std::string& resource) { return content(ask("query", resource)); }

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
  /// Sends the cloud's answer to a message.
  bool reply(const MessagePtr& question, const Json& content_, const std::string& operation = "response") {
    return bus->respond(make_reply(question, content_, operation));
  }
  static beehive::Message make_reply(const MessagePtr& question, const Json& content_,
                                     const std::string& operation = "response") {
    beehive::Message answer = beehive::make_response(*question, content_);
    answer.route.source = names::source::kEdgeController;
    answer.route.group = names::group::kResource;
    answer.route.operation = operation;
    return answer;
  }
  /// Expects an ack of the message with this id next.
  void expect_ack(const std::string& id) {
    const auto ack = next(cloud);
    ASSERT_TRUE(ack) << "no ack of " << id;
    EXPECT_EQ(ack->route.operation, "response");
    EXPECT_EQ(ack->header.parent_id, id);
    EXPECT_EQ(ack->content, "OK");
  }
  void expect_quiet(const std::shared_ptr<beehive::Mailbox>& mailbox) {
    const auto message = next(mailbox, 60ms);
    EXPECT_FALSE(message) << message->route.operation << " " << message->route.resource << " "
                          << message->content;
  }

  /// The module is still in its first life.
  void expect_no_restart() {
    for (const auto& module : supervisor->states()) EXPECT_EQ(module.restarts, 0U) << module.last_failure;
  }

  static Json pod(const std::string& name, const std::string& uid, const std::string& version,
                  const std::string& phase = "Pending") {
    Json made = {{"kind", "Pod"}, {"apiVersion", "v1"}};
    made["metadata"] = {{"name", name},
                        {"namespace", "default"},
                        {"uid", uid},
                        {"resourceVersion", version},
                        {"creationTimestamp", "2024-06-10T06:13:20Z"}};
    made["spec"]["nodeName"] = "edge1";
    made["status"]["phase"] = phase;
    return made;
  }
  static Json config_map(const std::string& version, const std::string& value = "v") {
    Json made = {{"kind", "ConfigMap"}, {"apiVersion", "v1"}};
    made["metadata"] = {{"name", "c"}, {"namespace", "default"}, {"uid", "cu"}, {"resourceVersion", version}};
    made["data"]["k"] = value;
    return made;
  }
  static Json node(const std::string& version, const std::string& heartbeat) {
    Json made;
    made["metadata"] = {{"name", "edge1"}, {"uid", "nu"}, {"resourceVersion", version}};
    made["status"]["conditions"] = {
        {{"type", "Ready"}, {"status", "True"}, {"lastHeartbeatTime", heartbeat}}};
    return made;
  }
  static Json wrapped(const Json& object) { return {{"Object", object}, {"Err", nullptr}}; }
  static Json refused(int code, const std::string& reason, const std::string& message = "no") {
    return {{"ErrStatus",
             {{"metadata", Json::object()},
              {"status", "Failure"},
              {"code", code},
              {"reason", reason},
              {"message", message}}}};
  }
  static Json wrapped_error(const Json& error) { return {{"Object", Json::object()}, {"Err", error}}; }

  TemporaryStore store;
  FakeClock clock{kube::parse_time("2024-06-10T12:00:00Z").value()};
  MetaManagerTuning tuning;
  std::string node_name = "edge1";
  std::optional<beehive::Bus> bus;
  std::shared_ptr<beehive::Mailbox> cloud, edged, twin;
  std::optional<beehive::Supervisor> supervisor;

  boost::asio::io_context asking;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
      asking.get_executor()};
  std::thread asking_thread;
};

}  // namespace edgecore::metamanager
