// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/message.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/net/http_server.hpp"
#include "unit/edgehub/fake_authority.hpp"

namespace edgecore::edgehub {

/// CloudHub's two ports for edgehub, on their own thread: certificates, and a WebSocket that records messages
/// and sends the test's.
class FakeHub {
 public:
  explicit FakeHub(const FakeAuthority& authority) : authority_(authority) {
    const auto server = authority.server();
    net::ServerTlsOptions tls;
    tls.certificate_pem = server.certificate.pem();
    tls.key_pem = server.key.pem();
    tls.client_ca_pem = authority.ca.pem();
    net::HttpServer::Options options;
    tls.client_certificate = net::ClientCertificate::kAsked;
    options.tls = net::TlsContext::server(tls);
    http_ = std::make_unique<net::HttpServer>(
        context_.get_executor(), options,
        [this](net::Request& q, net::Responder& r) { return certificates(q, r); });
    tls.client_certificate = net::ClientCertificate::kRequired;
    options.tls = net::TlsContext::server(tls);
    hub_ = std::make_unique<net::HttpServer>(
        context_.get_executor(), options,
        [this](net::Request& q, net::Responder& r) { return tunnel(q, r); });
    http_->start();
    hub_->start();
    http_port = http_->port();
    hub_port = hub_->port();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~FakeHub() {
    context_.stop();
    thread_.join();
  }

  /// Makes an answer like a module of the cloud.
  static beehive::Message answer_to(const beehive::Message& question, nlohmann::json content) {
    beehive::Message answer = beehive::make_response(question, std::move(content));
    answer.route.source = names::source::kEdgeController;
    answer.route.group = names::group::kResource;
    return answer;
  }

  /// Sends a text on the newest connection; waits for one.
  void say(std::string text) {
    boost::asio::post(context_, [this, text = std::move(text)]() mutable {
      boost::asio::co_spawn(context_, say_now(std::move(text)), boost::asio::detached);
    });
  }
  /// Cuts the connection, even one that this hub has not quite accepted yet.
  void cut() { boost::asio::co_spawn(context_, cut_now(), boost::asio::detached); }
  /// Waits up to 5 s for a message that `wanted` accepts and takes it out.
  template <typename Wanted>
  std::optional<beehive::Message> wait_for(Wanted wanted) {
    for (int i = 0; i < 500; ++i) {
      {
        const std::lock_guard lock(mutex_);
        for (auto at = received_.begin(); at != received_.end(); ++at) {
          if (!wanted(*at)) continue;
          beehive::Message found = std::move(*at);
          received_.erase(at);
          return found;
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return std::nullopt;
  }
  std::optional<beehive::Message> wait_for_operation(const std::string& operation) {
    return wait_for([&](const beehive::Message& message) { return message.route.operation == operation; });
  }

  /// Waits up to 5 s until that many attempts hang in `speechless`.
  bool wait_for_attempts(int count) {
    for (int i = 0; i < 500 && unanswered_ < count; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return unanswered_ >= count;
  }

  /// The first greeting on the newest connection; nullopt before it came.
  std::optional<beehive::Message> first_greeting() {
    const std::lock_guard lock(mutex_);
    return first_greeting_;
  }

  std::uint16_t http_port = 0, hub_port = 0;
  std::atomic<int> greetings{0};           ///< queries for the cluster's CA, which this hub answers itself
  std::atomic<int> greetings_to_lose{0};   ///< this many are not answered, as before a session
  std::atomic<int> asked_at_greeting{-1};  ///< number of greetings before the first other request
  std::atomic<int> connections{0}, certificates_issued{0}, renewals{0};
  std::atomic<bool> speechless{false};    ///< requests for the tunnel get no answer at all
  std::atomic<bool> deaf{false};          ///< upgraded connections are neither read nor answered
  std::atomic<bool> empty_answer{false};  ///< /edge.crt answers 200 with nothing
  std::atomic<bool> other_name{false};    ///< /edge.crt issues a certificate for another node

 private:
  boost::asio::awaitable<void> certificates(net::Request& request, net::Responder& responder) {
    net::Response response;
    if (request.target == "/ca.crt") {
      response.body = authority_.ca.der();
    } else if (request.target == "/edge.crt" &&
               (request.headers.get("Authorization") == "Bearer header.payload.signature" ||
                request.peer_certificate)) {
      if (request.peer_certificate) ++renewals;
      const auto wanted = net::CertificateRequest::from_der(request.body);
      auto what = authority_.named(
          "system:node:" + std::string(other_name ? "x" : request.headers.get("NodeName")), false);
      what.client_auth = true;
      if (!empty_answer) response.body = net::sign(what, wanted, authority_.ca, authority_.key).der();
      ++certificates_issued;
    } else {
      response.status = 401;
      response.body = "Invalid authorization token";
    }
    co_await responder.send(std::move(response));
  }

  boost::asio::awaitable<void> tunnel(net::Request& request, net::Responder& responder) {
    if (request.headers.get("ConnectionUse") != "msg" || request.headers.get("node_id").empty()) {
      net::Response refusal;
      refusal.status = 403;
      co_await responder.send(std::move(refusal));
      co_return;
    }
    if (speechless) {
      ++unanswered_;
      co_await responder.client_gone();
      responder.cut();
      co_return;
    }
    const net::WebSocketServerOptions options;
    const net::Headers none;
    const bool silent = deaf;  // read before the node learns that it is connected
    auto socket = co_await responder.upgrade(options, none);
    ++connections;
    if (silent) {
      SteadyTimer forever(context_, std::chrono::hours(1));
      co_await forever.async_wait(boost::asio::use_awaitable);
    }
    socket_ = socket.get();
    for (std::string& text : std::exchange(unsaid_, {})) {
      boost::asio::co_spawn(context_, say_now(std::move(text)), boost::asio::detached);
    }
    try {
      for (;;) {
        const auto frame = co_await socket->read();
        beehive::Message message = beehive::decode(frame.data);
        if (message.route.resource == names::resource::kKubernetesCa) {
          if (auto answer = greeted(message)) co_await socket->write(std::move(*answer));
          continue;
        }
        if (message.route.operation != names::operation::kKeepalive && asked_at_greeting < 0)
          asked_at_greeting = greetings.load();
        const std::lock_guard lock(mutex_);
        received_.push_back(std::move(message));
      }
    } catch (const Error&) {
      if (socket_ == socket.get()) socket_ = nullptr;
    }
  }

  std::optional<std::string> greeted(const beehive::Message& greeting) {
    if (++greetings == 1) {
      const std::lock_guard lock(mutex_);
      first_greeting_ = greeting;
    }
    if (greetings_to_lose > 0) {
      --greetings_to_lose;
      return std::nullopt;
    }
    return beehive::encode(answer_to(greeting, "the cluster's CA"));
  }

  boost::asio::awaitable<void> say_now(std::string text) {
    if (socket_ == nullptr) {
      unsaid_.push_back(std::move(text));
      co_return;
    }
    co_await socket_->write(std::move(text));
  }

  boost::asio::awaitable<void> cut_now() {
    SteadyTimer soon(context_);
    while (socket_ == nullptr) {
      soon.expires_after(std::chrono::milliseconds(5));
      co_await soon.async_wait(boost::asio::use_awaitable);
    }
    socket_->abort(true);
  }

  std::atomic<int> unanswered_{0};
  const FakeAuthority& authority_;
  boost::asio::io_context context_;
  std::unique_ptr<net::HttpServer> http_, hub_;
  net::WebSocket* socket_ = nullptr;
  std::vector<std::string> unsaid_;
  std::mutex mutex_;
  std::deque<beehive::Message> received_;
  std::optional<beehive::Message> first_greeting_;
  std::thread thread_;
};

}  // namespace edgecore::edgehub
