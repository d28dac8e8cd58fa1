// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "edgecore/base/steady_timer.hpp"
#include "unit/net/net_fixture.hpp"

namespace edgecore::net {
namespace {

/// Bounds the server's heap per idle connection, so that tens of thousands stay affordable. Both ends live in
/// this process. The client's end is a bare socket; with TLS it is a connection that costs the same, so the
/// measurement is halved.
class HttpIdleTest : public NetTest {
 protected:
  static asio::awaitable<void> ok(Request&, Responder& responder) {
    Response response;
    co_await responder.send(std::move(response));
  }
  static std::size_t heap() { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; }
};

TEST_F(HttpIdleTest, PlainConnectionStaysUnderEightKilobytes) {
  if (heap() == 0) GTEST_SKIP() << "This allocator (a sanitizer's) does not tell what is in use.";
  const auto server = serve(ok);
  const auto scenario = [&]() -> asio::awaitable<void> {
    std::vector<asio::ip::tcp::socket> sockets;
    constexpr std::size_t kMany = 300;
    sockets.reserve(kMany);
    std::size_t before = 0;
    for (std::size_t i = 0; i < kMany + 1; ++i) {
      if (i == 1) before = heap();
      auto socket = co_await dial(server->port());
      co_await send(socket, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      co_await read_until(socket, "\r\n\r\n");
      sockets.push_back(std::move(socket));
    }
    co_await sleep(50ms);
    const std::size_t each = (heap() - before) / kMany;
    RecordProperty("bytes", static_cast<int>(each));
    EXPECT_LT(each, 8U * 1024);
  };
  run(scenario());
}

TEST_F(HttpIdleTest, TlsConnectionStaysUnderThirtyTwoKilobytes) {
  const TestAuthority authority;
  if (heap() == 0) GTEST_SKIP() << "This allocator (a sanitizer's) does not tell what is in use.";
  const auto server = serve(ok, {}, authority.server());
  const auto tls = authority.client();
  const auto scenario = [&]() -> asio::awaitable<void> {
    constexpr std::size_t kMany = 100;
    std::vector<std::unique_ptr<HttpClient>> clients;
    clients.reserve(kMany);
    std::size_t before = 0;
    for (std::size_t i = 0; i < kMany + 1; ++i) {
      if (i == 1) before = heap();
      clients.push_back(std::make_unique<HttpClient>());
      ClientRequest request;
      request.url = "https://127.0.0.1:" + std::to_string(server->port()) + "/";
      request.tls = tls;
      co_await clients.back()->fetch(request);
    }
    co_await sleep(50ms);
    const std::size_t each = (heap() - before) / kMany / 2;
    RecordProperty("bytes", static_cast<int>(each));
    EXPECT_LT(each, 32U * 1024);
  };
  run(scenario());
}

TEST_F(HttpIdleTest, WaitingStreamStaysUnderSixteenKilobytes) {
  if (heap() == 0) GTEST_SKIP() << "This allocator (a sanitizer's) does not tell what is in use.";
  const auto handler = [](Request&, Responder& responder) -> asio::awaitable<void> {
    using namespace asio::experimental::awaitable_operators;
    const Headers headers;
    co_await responder.start(200, headers);
    SteadyTimer news(co_await asio::this_coro::executor, 1h);
    co_await (news.async_wait(asio::use_awaitable) || responder.client_gone());
  };
  const auto server = serve(handler);
  const auto scenario = [&]() -> asio::awaitable<void> {
    std::vector<asio::ip::tcp::socket> sockets;
    constexpr std::size_t kMany = 300;
    sockets.reserve(kMany);
    std::size_t before = 0;
    for (std::size_t i = 0; i < kMany + 1; ++i) {
      if (i == 1) before = heap();
      auto socket = co_await dial(server->port());
      co_await send(socket, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      co_await read_until(socket, "\r\n\r\n");
      sockets.push_back(std::move(socket));
    }
    co_await sleep(50ms);
    const std::size_t each = (heap() - before) / kMany;
    RecordProperty("bytes", static_cast<int>(each));
    EXPECT_LT(each, 16U * 1024);
  };
  run(scenario());
}

}  // namespace
}  // namespace edgecore::net
