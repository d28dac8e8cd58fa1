// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/beehive/supervisor.hpp"
#include "edgecore/devicetwin/devicetwin.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/store/awaitable.hpp"
#include "edgecore/store/devices.hpp"
#include "edgecore/store/unreported.hpp"
#include "support/eventually.hpp"
#include "unit/metamanager/temporary_store.hpp"

namespace edgecore::devicetwin {

using namespace std::chrono_literals;
using beehive::MessagePtr;
using test::eventually;

/// Mappers in memory: the calls they get, and their answers. Any thread.
class FakeMappers {
 public:
  struct Told {
    std::string address;
    MapperCall call;
  };
  void note(Told told) {
    const std::scoped_lock lock(mutex_);
    told_.push_back(std::move(told));
  }
  [[nodiscard]] std::vector<std::string> told() const {
    static constexpr const char* kKinds[] = {"register",     "update",       "remove",
                                             "create model", "update model", "remove model"};
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> lines;
    for (const Told& each : told_)
      lines.push_back(each.address + " " + kKinds[static_cast<int>(each.call.kind)] + " " +
                      each.call.name_space + "/" + each.call.name);
    return lines;
  }
  [[nodiscard]] std::string last_object() const {
    const std::scoped_lock lock(mutex_);
    return told_.empty() ? std::string() : told_.back().call.object;
  }
  void set_status(DmiStatus status) {
    const std::scoped_lock lock(mutex_);
    status_ = std::move(status);
  }
  [[nodiscard]] DmiStatus status() const {
    const std::scoped_lock lock(mutex_);
    return status_;
  }
  std::atomic<bool> hang{false};
  std::atomic<std::chrono::milliseconds> slow{0ms};

 private:
  mutable std::mutex mutex_;
  std::vector<Told> told_;
  DmiStatus status_;
};

class FakeMapperClient final : public MapperClient {
 public:
  explicit FakeMapperClient(FakeMappers& mappers) : mappers_(mappers) {}
  boost::asio::awaitable<DmiStatus> call(std::string address, MapperCall call,
                                         std::chrono::milliseconds deadline) override {
    mappers_.note({std::move(address), std::move(call)});
    if (const std::chrono::milliseconds slow = mappers_.slow; slow.count() > 0) {
      SteadyTimer timer(co_await boost::asio::this_coro::executor, slow);
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    if (mappers_.hang) {
      SteadyTimer timer(co_await boost::asio::this_coro::executor, deadline);
      co_await timer.async_wait(boost::asio::use_awaitable);
      co_return DmiStatus{DmiStatus::Code::kUnavailable, "no answer"};
    }
    co_return mappers_.status();
  }

 private:
  FakeMappers& mappers_;
};

/// The DMI socket in memory: the test plays the mapper.
class FakeDmi {
 public:
  struct Answer {
    DmiStatus status;
    std::vector<Json> models;
    std::vector<Json> devices;
  };
  /// Sends a mapper's request and waits for the end of the rpc; nullopt if it does not end within 5 s.
  std::optional<Answer> ask(DmiRequest request, std::chrono::milliseconds patience = 5s) {
    DmiSink sink;
    {
      const std::scoped_lock lock(mutex_);
      request.id = ++ids_;
      sink = sink_;
    }
    const std::uint64_t id = request.id;
    if (!sink || !sink(std::move(request))) return std::nullopt;
    const auto deadline = steady_now() + patience;
    while (steady_now() < deadline) {
      {
        const std::scoped_lock lock(mutex_);
        if (const auto found = answers_.find(id); found != answers_.end()) return found->second;
      }
      std::this_thread::sleep_for(1ms);
    }
    return std::nullopt;
  }
  void open(DmiSink sink) {
    const std::scoped_lock lock(mutex_);
    sink_ = std::move(sink);
  }
  void end(std::uint64_t id, Answer answer) {
    const std::scoped_lock lock(mutex_);
    answers_[id] = std::move(answer);
  }
  std::atomic<bool> gone{false};  ///< the mapper does not wait for the answer to its registration
  [[nodiscard]] bool is_open() const {
    const std::scoped_lock lock(mutex_);
    return static_cast<bool>(sink_);
  }

 private:
  mutable std::mutex mutex_;
  DmiSink sink_;
  std::uint64_t ids_ = 0;
  std::map<std::uint64_t, Answer> answers_;
};

class FakeDmiServer final : public DmiServer {
 public:
  FakeDmiServer(FakeDmi& dmi, DmiSink sink) : dmi_(dmi) { dmi_.open(std::move(sink)); }
  FakeDmiServer(const FakeDmiServer&) = delete;
  FakeDmiServer& operator=(const FakeDmiServer&) = delete;
  ~FakeDmiServer() override { dmi_.open({}); }
  void answer(std::uint64_t id, const DmiStatus& status) override { dmi_.end(id, {status, {}, {}}); }
  bool answer_register(std::uint64_t id, const std::vector<Json>& models,
                       const std::vector<Json>& devices) override {
    if (dmi_.gone) return false;
    dmi_.end(id, {{}, models, devices});
    return true;
  }

 private:
  FakeDmi& dmi_;
};

/// The module on a real bus with a real store; the test reads the mailboxes of `eventbus` and `websocket`.
class TwinFixture : public testing::Test {
 protected:
  TwinFixture() {
    tuning.report_spacing = 20ms;
    tuning.report_answer = 1min;
    tuning.confirmation_delay = 5ms;
    tuning.mapper_retry = 10ms;
    tuning.mapper_deadline = 100ms;
    tuning.write_retry = 5ms;
  }
  ~TwinFixture() override { stop(); }

  void start() {
    bus.emplace();
    mqtt = bus->add_module("eventbus", "bus");
    cloud = bus->add_module("websocket", "hub");
    beehive::SupervisorOptions options;
    options.first_backoff = 5ms;
    supervisor.emplace(*bus, clock, options,
                       [](const std::string&, const MessagePtr&, const std::string&) {});
    DeviceTwinDeps deps{
        *store,
        "edge1",
        "/nowhere/dmi.sock",
        [this](const std::filesystem::path&, DmiSink sink) -> std::unique_ptr<DmiServer> {
          return std::make_unique<FakeDmiServer>(dmi, std::move(sink));
        },
        [this]() -> std::unique_ptr<MapperClient> { return std::make_unique<FakeMapperClient>(mappers); },
        tuning};
    beehive::ModuleSpec spec;
    spec.name = names::module::kTwin;
    spec.group = names::group::kTwin;
    spec.make = make_devicetwin(std::move(deps));
    supervisor->start({std::move(spec)});
    question = to_cloud("node/connection");
    ASSERT_TRUE(question) << "the module asks whether there is a connection";
  }
  void stop() {
    if (supervisor) supervisor->stop();
    supervisor.reset();
    if (bus) bus->stop();
    bus.reset();
  }
  void restart() {
    stop();
    start();
  }

  void send(beehive::Message message) {
    ASSERT_TRUE(bus->try_send(names::module::kTwin, std::move(message)));
  }
  void connect(bool up) {
    send(beehive::make_message(names::source::kEdgeHub, names::group::kTwin, names::operation::kConnect,
                               names::resource::kNodeConnection,
                               up ? names::content::kCloudConnected : names::content::kCloudDisconnected));
  }
  void by_mqtt(const std::string& topic, const std::string& payload) {
    send(beehive::make_message(names::source::kBus, names::group::kTwin, names::operation::kResponse, topic,
                               payload));
  }
  void update(const std::string& device, const std::string& twins, const std::string& event_id = "e") {
    by_mqtt("$hw/events/device/" + device + "/twin/update",
            R"({"event_id":")" + event_id + R"(","timestamp":0,"twin":)" + twins + "}");
  }
  void member(const std::string& id, bool added = true) {
    const Json device = Json::array({{{"id", id}, {"name", id.substr(id.find('/') + 1)}}});
    send(beehive::make_message(names::source::kDeviceController, names::group::kTwin,
                               names::operation::kUpdate, "membership",
                               Json{{"event_id", "m"},
                                    {"timestamp", 1},
                                    {"added_devices", added ? device : Json()},
                                    {"removed_devices", added ? Json() : device}}));
  }
  /// Stores an object and passes it on, like metamanager.
  void object(const std::string& operation, const std::string& kind, const Json& body,
              const std::string& source = names::source::kDeviceController) {
    const std::string name = body.at("metadata").at("name").get<std::string>();
    const std::string key = "default/" + kind + "/" + name;
    store->write([&](store::Transaction& into) {
      if (operation == "delete") {
        store::meta::remove(into, key);
      } else {
        store::meta::upsert(into, {key, kind, kube::dump_json(body)});
      }
    });
    send(beehive::make_message(source, names::group::kResource, operation, key, body));
  }
  static Json device(const std::string& name, const std::string& desired = "20",
                     const std::string& protocol = "modbus") {
    return {{"kind", "Device"},
            {"apiVersion", "devices.kubeedge.io/v1beta1"},
            {"metadata", {{"name", name}, {"namespace", "default"}, {"uid", "u-" + name}}},
            {"spec",
             {{"deviceModelRef", {{"name", "m"}}},
              {"nodeName", "edge1"},
              {"protocol", {{"protocolName", protocol}}},
              {"properties", Json::array({{{"name", "t"}, {"desired", {{"value", desired}}}}})}}},
            {"status", Json::object()}};
  }
  static Json model() {
    return {{"kind", "DeviceModel"},
            {"apiVersion", "devices.kubeedge.io/v1beta1"},
            {"metadata", {{"name", "m"}, {"namespace", "default"}, {"uid", "u-m"}}},
            {"spec",
             {{"protocol", "modbus"}, {"properties", Json::array({{{"name", "t"}, {"type", "STRING"}}})}}}};
  }
  static DmiRequest registration(bool with_data = true, const std::string& address = "/run/modbus.sock") {
    DmiRequest request;
    request.kind = DmiRequest::Kind::kRegister;
    request.with_data = with_data;
    request.mapper = Mapper{"modbus-mapper", "v1", "v1.0.0", "modbus", address, "OK"};
    return request;
  }
  static DmiRequest report(const std::string& name, const std::string& reported,
                           const std::string& observed) {
    DmiRequest request;
    request.kind = DmiRequest::Kind::kReportStatus;
    request.device_namespace = "default";
    request.device_name = name;
    request.twins.push_back({"t", observed, reported});
    return request;
  }

  struct Published {
    std::string topic;
    Json payload;
  };
  /// The next MQTT message; fails the test if there is none.
  Published published() {
    const auto message = next(mqtt);
    EXPECT_TRUE(message) << "nothing was published";
    if (!message) return {};
    EXPECT_EQ(message->route.operation, names::operation::kPublish);
    return {message->route.resource, Json::parse(message->content.get<std::string>())};
  }
  /// The next one whose topic ends with `suffix`; skips others.
  Json published(const std::string& suffix) {
    for (int i = 0; i < 1000; ++i) {
      const auto message = next(mqtt);
      if (!message) break;
      if (message->route.resource.ends_with(suffix)) return Json::parse(message->content.get<std::string>());
    }
    ADD_FAILURE() << "nothing was published on …" << suffix;
    return {};
  }
  MessagePtr to_cloud(const std::string& suffix, std::chrono::milliseconds patience = 5s) {
    const auto deadline = steady_now() + patience;
    do {
      const auto message = next(cloud, 10ms);
      if (message && message->route.resource.ends_with(suffix)) return message;
    } while (steady_now() < deadline);
    return nullptr;
  }
  /// Confirms reports until one has this value of the property `t`; false when none does.
  bool confirm_until(const std::string& value) {
    while (const auto message = to_cloud("edge_updated")) {
      confirm(message);
      if (message->content.at("twin").at("t").at("actual").at("value") == value) return true;
    }
    return false;
  }
  void confirm(const MessagePtr& report_message) {
    beehive::Message answer = beehive::make_response(*report_message, names::content::kOk);
    answer.route = {names::source::kDeviceController, names::group::kTwin, names::operation::kResponse,
                    "twin"};
    send(std::move(answer));
  }
  static MessagePtr next(const std::shared_ptr<beehive::Mailbox>& mailbox,
                         std::chrono::milliseconds patience = 5s) {
    const auto deadline = steady_now() + patience;
    do {
      if (auto delivery = mailbox->try_receive()) return delivery.message();
      std::this_thread::sleep_for(1ms);
    } while (steady_now() < deadline);
    return nullptr;
  }
  void expect_quiet(const std::shared_ptr<beehive::Mailbox>& mailbox) {
    const auto message = next(mailbox, 60ms);
    EXPECT_FALSE(message) << message->route.operation << " " << message->route.resource << " "
                          << message->content;
  }
  [[nodiscard]] std::optional<store::devices::Twin> stored_twin(const std::string& id,
                                                                const std::string& name) {
    const auto reader = store->open_reader();
    for (const auto& row : store::devices::twins(reader, id))
      if (row.name == name) return row;
    return std::nullopt;
  }
  [[nodiscard]] std::vector<std::string> unreported() {
    const auto reader = store->open_reader();
    return store::unreported::list(reader);
  }
  void expect_no_restart() {
    for (const auto& module : supervisor->states()) EXPECT_EQ(module.restarts, 0U) << module.last_failure;
  }

  metamanager::TemporaryStore store;
  FakeClock clock{std::chrono::system_clock::from_time_t(1'700'000'000)};
  DeviceTwinTuning tuning;
  FakeMappers mappers;
  FakeDmi dmi;
  std::optional<beehive::Bus> bus;
  std::shared_ptr<beehive::Mailbox> mqtt, cloud;
  MessagePtr question;  ///< whether there is a connection
  std::optional<beehive::Supervisor> supervisor;
};

}  // namespace edgecore::devicetwin
