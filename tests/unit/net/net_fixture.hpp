// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/net/http_client.hpp"
#include "edgecore/net/http_server.hpp"
#include "edgecore/net/net_error.hpp"
#include "edgecore/net/tls.hpp"
#include "edgecore/net/websocket.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::net {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
inline constexpr auto kAsOutcome = asio::as_tuple(asio::use_awaitable);

/// A CA and what it signs, made for one test.
class TestAuthority {
 public:
  TestAuthority() : key_(PrivateKey::generate()), certificate_(self_sign(ca_template(), key_)) {}

  [[nodiscard]] const Certificate& certificate() const { return certificate_; }
  [[nodiscard]] const PrivateKey& key() const { return key_; }

  struct Pair {
    std::string certificate_pem;
    std::string key_pem;
  };
  [[nodiscard]] Pair issue(const CertificateTemplate& what) const {
    const auto key = PrivateKey::generate();
    return {sign(what, key, certificate_, key_).pem(), key.pem()};
  }
  /// A server certificate as CloudCore's: for 127.0.0.1 and with an empty dNSName.
  static CertificateTemplate server_template() {
    CertificateTemplate what = ca_template();
    what.subject = {{"O", "KubeEdge"}, {"CN", "KubeEdge"}};
    what.is_ca = false;
    what.server_auth = true;
    what.dns_names = {"", "cloud.test"};
    what.ip_addresses = {"127.0.0.1"};
    return what;
  }
  static CertificateTemplate client_template() {
    CertificateTemplate what = ca_template();
    what.subject = {{"O", "system:nodes"}, {"CN", "system:node:edge-1"}};
    what.is_ca = false;
    what.client_auth = true;
    return what;
  }
  static CertificateTemplate ca_template() {
    CertificateTemplate what;
    what.subject = {{"CN", "KubeEdge"}};
    what.not_before = std::chrono::system_clock::now() - 1h;
    what.not_after = std::chrono::system_clock::now() + 24h;
    what.is_ca = true;
    return what;
  }
  [[nodiscard]] std::shared_ptr<const TlsContext> server(
      ClientCertificate mode = ClientCertificate::kNone) const {
    return server(server_template(), mode);
  }
  [[nodiscard]] std::shared_ptr<const TlsContext> server(
      const CertificateTemplate& what, ClientCertificate mode = ClientCertificate::kNone) const {
    const Pair pair = issue(what);
    ServerTlsOptions options{pair.certificate_pem, pair.key_pem, mode, certificate_.pem()};
    return TlsContext::server(options);
  }
  [[nodiscard]] std::shared_ptr<const TlsContext> client(bool with_certificate = false) const {
    ClientTlsOptions options;
    options.ca_pem = certificate_.pem();
    if (with_certificate) {
      const Pair pair = issue(client_template());
      options.certificate_pem = pair.certificate_pem;
      options.key_pem = pair.key_pem;
    }
    return TlsContext::client(options);
  }

 private:
  PrivateKey key_;
  Certificate certificate_;
};

/// Runs coroutines of a test on one io_context; a test that hangs fails after `limit`.
class NetTest : public testing::Test {
 protected:
  void run(asio::awaitable<void> scenario, std::chrono::seconds limit = 20s) {
    std::optional<std::exception_ptr> outcome;
    asio::co_spawn(io_, std::move(scenario), [&outcome](std::exception_ptr e) { outcome = e; });
    const auto until = steady_now() + limit;
    io_.restart();
    while (!outcome && steady_now() < until) io_.run_one_until(until);
    if (!outcome) {
      ADD_FAILURE() << "the scenario hangs";
    } else if (*outcome) {
      std::rethrow_exception(*outcome);
    }
  }

  void spawn(asio::awaitable<void> task) {
    asio::co_spawn(io_, std::move(task), [](std::exception_ptr) {});
  }

  static asio::awaitable<void> sleep(std::chrono::milliseconds time) {
    SteadyTimer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
  }

  /// A started server on an ephemeral loopback port.
  std::unique_ptr<HttpServer> serve(HttpServer::Handler handler, ServerLimits limits = {},
                                    std::shared_ptr<const TlsContext> tls = nullptr) {
    HttpServer::Options options;
    options.limits = limits;
    options.tls = std::move(tls);
    auto server = std::make_unique<HttpServer>(io_.get_executor(), options, std::move(handler));
    server->start();
    return server;
  }

  static asio::awaitable<asio::ip::tcp::socket> dial(std::uint16_t port) {
    asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
    const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    co_await socket.async_connect(endpoint, asio::use_awaitable);
    co_return socket;
  }
  static asio::awaitable<void> send(asio::ip::tcp::socket& socket, std::string bytes) {
    const auto buffer = asio::buffer(bytes);
    co_await asio::async_write(socket, buffer, kAsOutcome);
  }
  /// Reads up to the end of the stream.
  static asio::awaitable<std::string> drain(asio::ip::tcp::socket& socket) {
    std::string out;
    std::string room(4096, '\0');
    for (;;) {
      const auto buffer = asio::buffer(room);
      const auto [error, count] = co_await socket.async_read_some(buffer, kAsOutcome);
      out.append(room, 0, count);
      if (error) co_return out;
    }
  }
  /// Reads until `end` has been seen.
  static asio::awaitable<std::string> read_until(asio::ip::tcp::socket& socket, std::string end) {
    std::string out;
    std::string room(1, '\0');
    while (!out.ends_with(end)) {
      const auto buffer = asio::buffer(room);
      const auto [error, count] = co_await socket.async_read_some(buffer, kAsOutcome);
      if (error) co_return out;
      out.append(room, 0, count);
    }
    co_return out;
  }

  /// The NetError that `task` throws.
  static asio::awaitable<NetError> failure_of(asio::awaitable<void> task) {
    std::optional<NetError> seen;
    try {
      co_await std::move(task);
    } catch (const NetError& error) {
      seen = error;
    }
    if (!seen) throw Error("It did not fail.");
    co_return *seen;
  }
  static asio::awaitable<void> fetch_only(ClientRequest request) { co_await fetch(std::move(request)); }

  asio::io_context io_{1};
};

inline std::string url(const HttpServer& server, const std::string& path = "/") {
  return "http://127.0.0.1:" + std::to_string(server.port()) + path;
}

}  // namespace edgecore::net
