// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/websocket.hpp"

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "unit/net/net_fixture.hpp"

namespace edgecore::net {
namespace {

class WebSocketTest : public NetTest {
 protected:
  using Conversation = std::function<asio::awaitable<void>(WebSocket&)>;

  /// A server that upgrades every request and runs `conversation` on it.
  std::unique_ptr<HttpServer> serve_websocket(Conversation conversation,
                                              std::shared_ptr<const TlsContext> tls = nullptr,
                                              WebSocketServerOptions options = {}) {
    conversation_ = std::move(conversation);
    const auto handler = [this, options](Request& request, Responder& responder) -> asio::awaitable<void> {
      seen_ = request;
      const Headers none;
      auto socket = co_await responder.upgrade(options, none);
      co_await conversation_(*socket);
    };
    return serve(handler, {}, std::move(tls));
  }
  static asio::awaitable<void> echo(WebSocket& socket) {
    for (;;) {
      auto message = co_await socket.read();
      co_await socket.write(std::move(message.data), 5s, message.text);
    }
  }
  static asio::awaitable<void> fragmented_echo(WebSocket& socket) {
    for (;;) {
      auto message = co_await socket.read();
      co_await socket.write_fragmented(std::move(message.data));
    }
  }
  /// Upgraded, but never reads: neither data nor pings are answered.
  static asio::awaitable<void> half_open(WebSocket&) { co_await sleep(60s); }

  static WebSocketOptions to(const HttpServer& server) {
    WebSocketOptions options;
    options.url = "ws://127.0.0.1:" + std::to_string(server.port()) + "/p1/edge-1/events";
    return options;
  }
  static asio::awaitable<void> connect_only(WebSocketOptions options) {
    co_await WebSocket::connect(std::move(options));
  }
  static asio::awaitable<void> read_only(WebSocket& socket) { co_await socket.read(); }
  static asio::awaitable<void> write_only(WebSocket& socket, std::string data,
                                          std::chrono::milliseconds timeout) {
    co_await socket.write(std::move(data), timeout);
  }
  /// A plain TCP peer that upgrades by hand and then sends `frames`; keeps the connection until the test
  /// ends.
  static asio::awaitable<void> raw_server(asio::ip::tcp::acceptor& acceptor, std::string answer) {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    co_await read_until(socket, "\r\n\r\n");
    co_await send(socket, std::move(answer));
    co_await drain(socket);
  }

  Conversation conversation_;
  Request seen_;
};

TEST_F(WebSocketTest, UpgradeSendsItsHeadersAndNoOriginOrExtension) {
  const auto server = serve_websocket(echo);
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto options = to(*server);
    options.headers = {{"node_id", "edge-1"}, {"ConnectionUse", "msg"}};
    auto socket = co_await WebSocket::connect(options);
    EXPECT_EQ(seen_.target, "/p1/edge-1/events");
    EXPECT_EQ(seen_.headers.get("Node_id"), "edge-1");
    EXPECT_EQ(seen_.headers.get("connectionuse"), "msg");
    for (const auto* name : {"Origin", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"})
      EXPECT_FALSE(seen_.headers.has(name)) << name;
    EXPECT_EQ(seen_.headers.get("Sec-WebSocket-Version"), "13");
    EXPECT_EQ(socket->local_address(), "127.0.0.1");
    EXPECT_EQ(socket->peer_address(), "127.0.0.1");
  };
  run(scenario());
}

TEST_F(WebSocketTest, MessagesOfAllSizesComeBackPlainAndOverTls) {
  const TestAuthority authority;
  for (const bool tls : {false, true}) {
    const auto server = serve_websocket(echo, tls ? authority.server(ClientCertificate::kRequired) : nullptr);
    const auto scenario = [&]() -> asio::awaitable<void> {
      auto options = to(*server);
      if (tls) {
        options.url.replace(0, 2, "wss");
        options.tls = authority.client(true);
      }
      auto socket = co_await WebSocket::connect(options);
      std::uint64_t total = 0;
      for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 4096UL, 65535UL, 65536UL, 10'000'000UL}) {
        std::string data(size, 'x');
        for (std::size_t i = 0; i < size; i += 97) data[i] = static_cast<char>('a' + i % 26);
        co_await socket->write(data);
        const auto message = co_await socket->read();
        EXPECT_TRUE(message.data == data) << size;
        EXPECT_TRUE(message.text);
        total += size;
      }
      co_await socket->write("\x00\xff binary", 5s, false);
      const auto binary = co_await socket->read();
      EXPECT_FALSE(binary.text);
      const auto counters = socket->counters();
      EXPECT_EQ(counters.messages_sent, 9U);
      EXPECT_EQ(counters.messages_received, 9U);
      EXPECT_GE(counters.payload_received, total);
      EXPECT_GT(counters.wire_received, counters.payload_received);
      EXPECT_EQ(socket->peer_certificate().has_value(), tls);
    };
    run(scenario());
  }
}

TEST_F(WebSocketTest, FragmentsWithAnEmptyFinalContinuationArePutTogether) {
  const auto server = serve_websocket(fragmented_echo);
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto socket = co_await WebSocket::connect(to(*server));
    for (const std::size_t size : {1UL, 9000UL, 1'000'000UL}) {
      const std::string data(size, 'j');
      co_await socket->write(data);
      const auto message = co_await socket->read();
      EXPECT_TRUE(message.data == data);
    }
  };
  run(scenario());
}

TEST_F(WebSocketTest, FragmentedModeReallySendsTwoFrames) {
  const auto server = serve_websocket([](WebSocket& socket) -> asio::awaitable<void> {
    co_await socket.write_fragmented("abc");
    co_await sleep(60s);
  });
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto socket = co_await dial(server->port());
    co_await send(socket,
                  "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    const auto head = co_await read_until(socket, "\r\n\r\n");
    EXPECT_NE(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos) << head;  // RFC 6455 §1.3
    const auto frames = co_await read_until(socket, std::string("\x80\x00", 2));
    EXPECT_EQ(frames, std::string("\x01\x03"
                                  "abc"
                                  "\x80\x00",
                                  7));
  };
  run(scenario());
}

TEST_F(WebSocketTest, TooLargeMessagesAreRefusedOnEitherSide) {
  WebSocketServerOptions small;
  small.max_message_bytes = 1000;
  std::optional<NetFailure> at_server;
  const auto server = serve_websocket(
      [&at_server](WebSocket& socket) -> asio::awaitable<void> {
        try {
          for (;;) {
            auto message = co_await socket.read();
            co_await socket.write(message.data + message.data);
          }
        } catch (const NetError& error) {
          at_server = error.failure();
        }
      },
      nullptr, small);
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto options = to(*server);
    options.max_message_bytes = 1000;
    auto socket = co_await WebSocket::connect(options);
    co_await socket->write(std::string(500, 'x'));
    const auto good = co_await socket->read();
    EXPECT_EQ(good.data.size(), 1000U);
    co_await socket->write(std::string(501, 'x'));
    const auto error = co_await failure_of(read_only(*socket));
    EXPECT_EQ(error.failure(), NetFailure::kTooLarge) << error.what();
    auto second = co_await WebSocket::connect(options);
    co_await second->write(std::string(1001, 'x'));
    const auto closed = co_await failure_of(read_only(*second));
    EXPECT_EQ(closed.failure(), NetFailure::kClosed) << closed.what();
    EXPECT_NE(std::string(closed.what()).find("1009"), std::string::npos) << closed.what();
    EXPECT_EQ(at_server, NetFailure::kTooLarge);
  };
  run(scenario());
}

TEST_F(WebSocketTest, ConcurrentWritersDoNotMixTheirMessages) {
  const auto server = serve_websocket(echo);
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto socket = co_await WebSocket::connect(to(*server));
    const auto writer = [&socket](char letter) -> asio::awaitable<void> {
      for (int i = 0; i < 5; ++i) co_await socket->write(std::string(200'000, letter));
    };
    for (const char letter : {'a', 'b', 'c', 'd'}) spawn(writer(letter));
    for (int i = 0; i < 20; ++i) {
      const auto message = co_await socket->read();
      EXPECT_EQ(message.data, std::string(200'000, message.data.front()));
    }
  };
  run(scenario());
}

TEST_F(WebSocketTest, PingIsAnsweredAndCountsAsHeard) {
  const auto server = serve_websocket(echo);
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto socket = co_await WebSocket::connect(to(*server));
    auto reader = [&socket]() -> asio::awaitable<void> { co_await socket->read(); };
    spawn(reader());
    co_await sleep(30ms);
    const auto before = socket->last_heard();
    std::vector<std::string> pongs;
    socket->on_pong([&pongs](std::string_view payload) { pongs.emplace_back(payload); });
    co_await socket->ping("42");
    for (int i = 0; i < 200 && pongs.empty(); ++i) co_await sleep(5ms);
    EXPECT_EQ(pongs, std::vector<std::string>{"42"});
    EXPECT_GT(socket->last_heard(), before);
    socket->abort();
    co_await sleep(10ms);
  };
  run(scenario());
}

TEST_F(WebSocketTest, HalfOpenPeerIsSilentAndAStuckWriteTimesOut) {
  const auto server = serve_websocket(half_open);
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto socket = co_await WebSocket::connect(to(*server));
    auto reader = [&socket]() -> asio::awaitable<void> {
      const auto error = co_await failure_of(read_only(*socket));
      EXPECT_EQ(error.failure(), NetFailure::kTimeout);
    };
    spawn(reader());
    const auto before = socket->last_heard();
    co_await socket->ping();
    co_await sleep(100ms);
    EXPECT_EQ(socket->last_heard(), before);
    const auto error = co_await failure_of(write_only(*socket, std::string(32'000'000, 'x'), 200ms));
    EXPECT_EQ(error.failure(), NetFailure::kTimeout) << error.what();
    EXPECT_FALSE(socket->open());
    co_await sleep(10ms);
  };
  run(scenario());
}

TEST_F(WebSocketTest, EndsOfTheConnectionAreToldApart) {
  const auto server = serve_websocket([this](WebSocket& socket) -> asio::awaitable<void> {
    if (seen_.target == "/close") co_await socket.close(1001);
    socket.abort(seen_.target == "/reset");
  });
  const auto scenario = [&]() -> asio::awaitable<void> {
    for (const auto* path : {"/close", "/reset", "/fin"}) {
      auto options = to(*server);
      options.url = "ws://127.0.0.1:" + std::to_string(server->port()) + path;
      auto socket = co_await WebSocket::connect(options);
      const auto error = co_await failure_of(read_only(*socket));
      EXPECT_EQ(error.failure(), NetFailure::kClosed) << error.what();
      const bool code = std::string(error.what()).find("1001") != std::string::npos;
      EXPECT_EQ(code, std::string_view(path) == "/close") << error.what();
    }
  };
  run(scenario());
}

TEST_F(WebSocketTest, ConnectionCutInTheMiddleOfAMessageGivesNoMessage) {
  asio::ip::tcp::acceptor acceptor(io_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto server = serve_websocket(echo);
  const auto cut = [&]() -> asio::awaitable<void> {
    // A relay that forwards the upgrade and only part of the rest.
    auto front = co_await acceptor.async_accept(asio::use_awaitable);
    auto back = co_await dial(server->port());
    auto request = co_await read_until(front, "\r\n\r\n");
    co_await send(back, std::move(request));
    auto answer = co_await read_until(back, "\r\n\r\n");
    co_await send(front, std::move(answer));
    co_await send(front, std::string("\x81\x7e\x10\x00", 4) + std::string(100, 'x'));
    co_await sleep(50ms);
  };
  spawn(cut());
  const auto scenario = [&]() -> asio::awaitable<void> {
    WebSocketOptions options;
    options.url = "ws://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";
    auto socket = co_await WebSocket::connect(options);
    const auto error = co_await failure_of(read_only(*socket));
    EXPECT_EQ(error.failure(), NetFailure::kClosed) << error.what();
  };
  run(scenario());
}

TEST_F(WebSocketTest, RefusedUpgradeCarriesStatusAndBody) {
  const auto handler = [](Request&, Responder& responder) -> asio::awaitable<void> {
    Response response;
    response.status = 403;
    response.body = "no such node";
    co_await responder.send(std::move(response));
  };
  const auto server = serve(handler);
  const auto scenario = [&]() -> asio::awaitable<void> {
    bool refused = false;
    try {
      co_await WebSocket::connect(to(*server));
    } catch (const UpgradeRefused& error) {
      refused = true;
      EXPECT_EQ(error.status(), 403);
      EXPECT_EQ(error.body(), "no such node");
    }
    EXPECT_TRUE(refused);
  };
  run(scenario());
}

TEST_F(WebSocketTest, BrokenUpgradesFailWithTheirKind) {
  struct Case {
    std::string answer;
    NetFailure failure;
  };
  const std::vector<Case> cases{
      {"nonsense\r\n\r\n", NetFailure::kProtocol},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
       "Sec-WebSocket-Accept: wrong\r\n\r\n",
       NetFailure::kProtocol},
      {"HTTP/1.1 403 Forbidden\r\n\r\n" + std::string(2'000'000, 'x'), NetFailure::kTooLarge},
      {"", NetFailure::kTimeout},
  };
  for (const auto& one : cases) {
    asio::ip::tcp::acceptor acceptor(io_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    spawn(raw_server(acceptor, one.answer));
    const auto scenario = [&]() -> asio::awaitable<void> {
      WebSocketOptions options;
      options.url = "ws://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";
      if (one.failure == NetFailure::kTimeout) options.handshake_timeout = 300ms;
      const auto error = co_await failure_of(connect_only(options));
      EXPECT_EQ(static_cast<int>(error.failure()), static_cast<int>(one.failure)) << error.what();
    };
    run(scenario());
  }
}

TEST_F(WebSocketTest, OwnAbortEndsAPendingReadAndCloseWorksWithAReaderPending) {
  const auto server = serve_websocket(echo);
  const auto scenario = [&]() -> asio::awaitable<void> {
    for (const bool polite : {false, true}) {
      auto socket = co_await WebSocket::connect(to(*server));
      bool ended = false;
      auto reader = [&]() -> asio::awaitable<void> {
        const auto error = co_await failure_of(read_only(*socket));
        EXPECT_EQ(error.failure(), NetFailure::kClosed) << error.what();
        ended = true;
      };
      spawn(reader());
      co_await sleep(20ms);
      if (polite) {
        const auto begun = steady_now();
        co_await socket->close();
        EXPECT_LT(steady_now() - begun, 1s);
      } else {
        socket->abort();
      }
      for (int i = 0; i < 200 && !ended; ++i) co_await sleep(5ms);
      EXPECT_TRUE(ended);
      EXPECT_FALSE(socket->open());
    }
  };
  run(scenario());
}

TEST_F(WebSocketTest, BadOptionsAreRefusedAtOnce) {
  const auto scenario = [&]() -> asio::awaitable<void> {
    WebSocketOptions options;
    for (const auto* bad : {"http://h/", "wss://h/", "nonsense"}) {
      options.url = bad;
      bool refused = false;
      try {
        co_await WebSocket::connect(options);
      } catch (const BadInput&) {
        refused = true;
      }
      EXPECT_TRUE(refused) << bad;
    }
  };
  run(scenario());
}

}  // namespace
}  // namespace edgecore::net
