// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/beehive/supervisor.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/net/digest.hpp"
#include "edgecore/net/http_client.hpp"
#include "edgecore/net/http_server.hpp"
#include "edgecore/servicebus/servicebus.hpp"
#include "edgecore/store/target_urls.hpp"
#include "support/eventually.hpp"
#include "support/free_port.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::servicebus {

using namespace std::chrono_literals;
using beehive::MessagePtr;
using test::eventually;
using test::free_port;

/// The module on a real bus with a real store. The test reads the mailbox of `websocket`; services and
/// clients are real and run on their own thread.
class ServiceBusFixture : public testing::Test {
 protected:
  /// The result of a program's request. Failures become text on the clients' thread: ThreadSanitizer does not
  /// see into libstdc++, and reports an exception that two threads release as a race.
  struct Fetched {
    std::optional<net::ClientResponse> response;
    std::string failure;  ///< "closed" if nobody listens
  };
  using Reply = std::future<Fetched>;

  ServiceBusFixture() {
    tuning.first_pause = 20ms;
    tuning.longest_pause = 50ms;
    config.enable = true;
    config.port = free_port();
    config.timeout = 5;
    open_store();
    cloud = bus.add_module(names::module::kEdgeHub, names::group::kHub);
    thread = std::thread([this] { io.run(); });
  }
  ~ServiceBusFixture() override {
    if (supervisor) supervisor->stop();
    supervisor.reset();
    for (auto& service : services) on_thread(stop(*service));
    bus.stop();
    work.reset();
    thread.join();
    store.reset();
  }

  void open_store(store::Limits limits = {}) {
    store.reset();
    store::Options options;
    options.path = dir / "edgecore.db";
    options.limits = limits;
    store = std::make_unique<store::Store>(options);
  }
  void start() {
    beehive::SupervisorOptions options;
    options.first_backoff = 5ms;
    supervisor.emplace(bus, SystemClock::instance(), options,
                       [](const std::string&, const MessagePtr&, const std::string&) {});
    beehive::ModuleSpec spec;
    spec.name = names::module::kServiceBus;
    spec.group = names::group::kBus;
    spec.make = make_servicebus(ServiceBusDeps{*store, config, tuning});
    supervisor->start({std::move(spec)});
  }
  void expect_no_restart() {
    for (const auto& module : supervisor->states()) EXPECT_EQ(module.restarts, 0U) << module.last_failure;
  }

  // --- the cloud's side ---
  /// Returns the message's id.
  std::string from_cloud(const std::string& operation, const std::string& resource, Json content = nullptr,
                         const char* source = names::source::kRouterServiceBus) {
    beehive::Message message =
        beehive::make_message(source, names::group::kUser, operation, resource, std::move(content));
    std::string id = message.header.id;
    EXPECT_TRUE(eventually([&] { return bus.try_send(names::module::kServiceBus, message); }))
        << "the mailbox stays full";
    return id;
  }
  std::string call(std::uint16_t port, const std::string& path, const std::string& method = "GET",
                   const std::string& body = "", Json headers = nullptr) {
    Json content = {
        {"header", std::move(headers)}, {"body", net::base64(body)}, {"method", method}, {"url", ""}};
    return from_cloud(method, std::to_string(port) + ":" + path, std::move(content));
  }
  /// The next message for the cloud; nullptr after `patience`.
  MessagePtr next(std::chrono::milliseconds patience = 8s) {
    const auto deadline = steady_now() + patience;
    do {
      if (auto delivery = cloud->try_receive()) return delivery.message();
      std::this_thread::sleep_for(1ms);
    } while (steady_now() < deadline);
    return nullptr;
  }
  /// The answer to a call, which is the next message.
  Json answer(const std::string& id) {
    const MessagePtr message = next();
    if (!message) {
      ADD_FAILURE() << "no answer to " << id;
      return {};
    }
    EXPECT_EQ(message->header.parent_id, id);
    EXPECT_FALSE(message->header.id.empty());
    EXPECT_EQ(message->route.source, "servicebus");
    EXPECT_EQ(message->route.group, "user");
    EXPECT_EQ(message->route.operation, "upload");
    EXPECT_EQ(message->route.resource, "");
    return message->content;
  }
  static std::string body_of(const Json& content) {
    return net::base64_decode(content.at("body").get<std::string>());
  }
  /// "<status> <body>"
  std::string outcome(const std::string& id) {
    const Json content = answer(id);
    return content.is_null() ? "none"
                             : std::to_string(content.at("status_code").get<int>()) + " " + body_of(content);
  }
  bool reply(const MessagePtr& question, Json content, const char* operation = names::operation::kResponse) {
    beehive::Message message = beehive::make_response(*question, std::move(content));
    message.route.operation = operation;
    return bus.respond(std::move(message));
  }

  // --- services on the node ---
  std::uint16_t serve(net::HttpServer::Handler handler) {
    services.push_back(
        std::make_unique<net::HttpServer>(io.get_executor(), net::HttpServer::Options(), std::move(handler)));
    services.back()->start();
    return services.back()->port();
  }
  static boost::asio::awaitable<void> say(net::Responder& responder, int status, std::string body,
                                          net::Headers headers = {}) {
    net::Response response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::move(body);
    co_await responder.send(std::move(response));
  }
  static boost::asio::awaitable<void> pause(std::chrono::milliseconds span) {
    SteadyTimer timer(co_await boost::asio::this_coro::executor, span);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  static boost::asio::awaitable<void> stop(net::HttpServer& server) { co_await server.stop(); }
  void on_thread(boost::asio::awaitable<void> task) {
    boost::asio::co_spawn(io, std::move(task), boost::asio::use_future).get();
  }

  // --- programs on the node ---
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(config.port) + "/"; }
  Reply post(std::string body, const std::string& path = "", const std::string& method = "POST") {
    net::ClientRequest request;
    request.method = method;
    request.url = url() + path;
    request.body = std::move(body);
    return fetch(std::move(request));
  }
  Reply fetch(net::ClientRequest request) {
    return boost::asio::co_spawn(io, fetched(std::move(request)), boost::asio::use_future);
  }
  static boost::asio::awaitable<Fetched> fetched(net::ClientRequest request) {
    Fetched outcome;
    try {
      outcome.response = co_await net::fetch(std::move(request));
    } catch (const net::NetError& error) {
      outcome.failure = error.failure() == net::NetFailure::kConnect ? "closed" : error.what();
    }
    co_return outcome;
  }
  Reply ask(const std::string& target, const Json& payload = nullptr) {
    return post(Json{{"method", "POST"}, {"targetURL", target}, {"payload", payload}}.dump());
  }
  /// "<code> <msg>|<body>" of an answer after checking its HTTP part; "closed" if nobody listens.
  static std::string said(Reply reply) {
    const Fetched outcome = reply.get();
    if (!outcome.response) return outcome.failure;
    const net::ClientResponse& response = *outcome.response;
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.get("Content-Type"), "text/plain; charset=utf-8");
    const Json body = Json::parse(response.body);
    return std::to_string(body.at("code").get<int>()) + " " + body.at("msg").get<std::string>() + "|" +
           body.at("body").get<std::string>();
  }
  static std::string not_allowed(const std::string& target) {
    return "400 url " + target + " is not allowed and please make a rule for this url in the cloud|";
  }
  [[nodiscard]] std::vector<std::string> rows() const {
    const auto reader = store->open_reader();
    return store::target_urls::list(reader);
  }
  bool listening() { return said(post("x")) != "closed"; }
  /// Makes a rule and waits until it is in force.
  void make_rule(const std::string& target) {
    from_cloud("start", target);
    ASSERT_TRUE(eventually([&] { return !rows().empty() && listening(); }));
    ASSERT_TRUE(eventually([&] {
      const auto all = rows();
      return std::find(all.begin(), all.end(), target) != all.end();
    }));
  }

  edgecore::test::TemporaryDirectory dir;
  config::ServiceBus config;
  ServiceBusTuning tuning;
  std::unique_ptr<store::Store> store;
  beehive::Bus bus;
  std::shared_ptr<beehive::Mailbox> cloud;
  std::optional<beehive::Supervisor> supervisor;

  boost::asio::io_context io{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
      io.get_executor()};
  std::thread thread;
  std::vector<std::unique_ptr<net::HttpServer>> services;
};

}  // namespace edgecore::servicebus
