// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/http_client.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "edgecore/base/error.hpp"
#include "unit/net/net_fixture.hpp"

namespace edgecore::net {
namespace {

class HttpClientTest : public NetTest {
 protected:
  /// A server that reads a request's head and answers with fixed bytes, then closes.
  std::uint16_t canned(std::string answer, bool close = true) {
    auto acceptor = std::make_shared<asio::ip::tcp::acceptor>(
        io_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto port = acceptor->local_endpoint().port();
    spawn(answer_all(acceptor, std::move(answer), close));
    return port;
  }
  static asio::awaitable<void> answer_all(std::shared_ptr<asio::ip::tcp::acceptor> acceptor,
                                          std::string answer, bool close) {
    std::vector<std::unique_ptr<asio::ip::tcp::socket>> open;
    for (;;) {
      auto socket =
          std::make_unique<asio::ip::tcp::socket>(co_await acceptor->async_accept(asio::use_awaitable));
      co_await read_until(*socket, "\r\n\r\n");
      co_await send(*socket, answer);
      if (!close) open.push_back(std::move(socket));
    }
  }
  ClientResponse get(std::uint16_t port, ClientRequest request = {}) {
    ClientResponse response;
    request.url = "http://127.0.0.1:" + std::to_string(port) + "/";
    const auto scenario = [&]() -> asio::awaitable<void> { response = co_await fetch(request); };
    run(scenario());
    return response;
  }
  NetFailure failure(std::uint16_t port, ClientRequest request = {}) {
    try {
      get(port, std::move(request));
    } catch (const NetError& error) {
      return error.failure();
    }
    throw Error("It did not fail.");
  }
};

TEST_F(HttpClientTest, GetCarriesItsBodyAndHeaders) {
  Request seen;
  const auto handler = [&seen](Request& request, Responder& responder) -> asio::awaitable<void> {
    seen = request;
    Response empty;
    co_await responder.send(std::move(empty));
  };
  const auto server = serve(handler);
  const auto scenario = [&]() -> asio::awaitable<void> {
    ClientRequest request;
    request.url = url(*server, "/edge.crt");
    request.headers = {{"NodeName", "edge-1"}, {"Authorization", "Bearer x.y.z"}};
    request.body = std::string("\x30\x00\xff binary", 10);
    const auto response = co_await fetch(request);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(seen.method, "GET");
    EXPECT_EQ(seen.target, "/edge.crt");
    EXPECT_EQ(seen.body, request.body);
    EXPECT_EQ(seen.headers.get("nodename"), "edge-1");
    EXPECT_EQ(seen.headers.get("host"), "127.0.0.1:" + std::to_string(server->port()));
    EXPECT_FALSE(seen.headers.has("Content-Type"));
    EXPECT_EQ(seen.peer_address, "127.0.0.1");
  };
  run(scenario());
}

TEST_F(HttpClientTest, BodiesOfEveryFramingAreRead) {
  EXPECT_EQ(get(canned("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")).body, "abc");
  EXPECT_EQ(get(canned("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")).body,
            "abc");
  EXPECT_EQ(get(canned("HTTP/1.0 200 OK\r\n\r\nuntil the end")).body, "until the end");
  EXPECT_EQ(
      get(canned("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx")).status,
      404);
  EXPECT_EQ(get(canned("HTTP/1.1 204 No Content\r\n\r\n", false)).status, 204);
  ClientRequest head;
  head.method = "HEAD";
  EXPECT_EQ(get(canned("HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n", false), head).status, 200);
}

TEST_F(HttpClientTest, TooLargeOrBrokenResponsesAreRefused) {
  ClientRequest small;
  small.max_response_bytes = 100;
  EXPECT_EQ(failure(canned("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", false), small),
            NetFailure::kTooLarge);
  EXPECT_EQ(failure(canned("HTTP/1.0 200 OK\r\n\r\n" + std::string(101, 'x')), small), NetFailure::kTooLarge);
  EXPECT_EQ(failure(canned("HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x'))), NetFailure::kTooLarge);
  EXPECT_EQ(failure(canned("nonsense\r\n\r\n")), NetFailure::kProtocol);
  EXPECT_EQ(failure(canned("")), NetFailure::kClosed);
  EXPECT_EQ(failure(canned("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")), NetFailure::kClosed);
  EXPECT_EQ(failure(canned("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc")),
            NetFailure::kClosed);
}

TEST_F(HttpClientTest, AnswerThatNeverEndsAChunkFilledTheMemory) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(failure(canned(head + "1;" + std::string(1 << 20, 'x'), false)), NetFailure::kTooLarge);
  EXPECT_EQ(failure(canned(head + std::string(1 << 20, '0'), false)), NetFailure::kTooLarge);
  EXPECT_EQ(failure(canned(head + "0\r\nX: " + std::string(1 << 20, 'x'), false)), NetFailure::kTooLarge);
}

TEST_F(HttpClientTest, AnswersOfSmallServersAreTaken) {
  for (const char* answer :
       {"HTTP/1.1 200\r\n\r\nok", "HTTP/1.1 200 OK\nConnection: close\n\nok", "HTTP/1.0 200 OK\r\n\r\nok"}) {
    const ClientResponse response = get(canned(answer));
    EXPECT_EQ(response.status, 200) << answer;
    EXPECT_EQ(response.body, "ok") << answer;
  }
}

TEST_F(HttpClientTest, AnswerToARequestThatIsNeverReadIsTaken) {
  ClientRequest request;
  request.method = "POST";
  request.body.assign(20'000'000, 'x');  // more than the buffers of both sockets
  request.timeout = 10s;
  EXPECT_EQ(get(canned("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno", false), request).status, 401);
}

TEST_F(HttpClientTest, SilentServerRunsIntoTheTimeOut) {
  ClientRequest hurried;
  hurried.timeout = 150ms;
  EXPECT_EQ(failure(canned("", false), hurried), NetFailure::kTimeout);
  EXPECT_EQ(failure(canned("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", false), hurried),
            NetFailure::kTimeout);
}

TEST_F(HttpClientTest, NobodyThereIsAConnectFailureAndUnknownNamesAreNamed) {
  asio::ip::tcp::acceptor taken(io_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto port = taken.local_endpoint().port();
  taken.close();
  EXPECT_EQ(failure(port), NetFailure::kConnect);
  const auto scenario = [&]() -> asio::awaitable<void> {
    ClientRequest request;
    request.url = "http://no-such-host.invalid/";
    request.timeout = 5s;
    const auto error = co_await failure_of(fetch_only(request));
    EXPECT_TRUE(error.failure() == NetFailure::kResolve || error.failure() == NetFailure::kTimeout);
    EXPECT_NE(std::string(error.what()).find("no-such-host.invalid"), std::string::npos) << error.what();
  };
  run(scenario());
}

TEST_F(HttpClientTest, NamesAreLookedUp) {
  const auto port = canned("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const auto scenario = [&]() -> asio::awaitable<void> {
    ClientRequest request;
    request.url = "http://localhost:" + std::to_string(port) + "/";
    const auto response = co_await fetch(request);
    EXPECT_EQ(response.status, 200);
  };
  run(scenario());
}

TEST_F(HttpClientTest, CancellationEndsARequestAtOnce) {
  const auto port = canned("", false);
  asio::cancellation_signal signal;
  ClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + "/";
  std::exception_ptr outcome;
  bool ended = false;
  asio::co_spawn(
      io_, fetch(request),
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e, const ClientResponse&) {
        outcome = e;
        ended = true;
      }));
  const auto scenario = [&]() -> asio::awaitable<void> {
    co_await sleep(50ms);
    EXPECT_FALSE(ended);
    signal.emit(asio::cancellation_type::terminal);
    while (!ended) co_await sleep(1ms);
  };
  run(scenario());
  ASSERT_TRUE(outcome);
  try {
    std::rethrow_exception(outcome);
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), asio::error::operation_aborted);
  } catch (const std::exception& error) {
    FAIL() << error.what();
  }
}

TEST_F(HttpClientTest, BadRequestsAreRefusedBeforeAnythingIsSent) {
  const auto refused = [this](ClientRequest request) {
    const auto scenario = [&]() -> asio::awaitable<void> { co_await fetch(request); };
    EXPECT_THROW(run(scenario()), BadInput);
  };
  ClientRequest request;
  request.url = "http://h/";
  request.headers = {{"X", "a\r\nInjected: b"}};
  refused(request);
  request.headers = {{"X y", "a"}};
  refused(request);
  request.headers = {};
  request.method = "GET / HTTP/1.1\r\nX:";
  refused(request);
  request.method = "GET";
  request.url = "https://h/";
  refused(request);
}

TEST_F(HttpClientTest, KeptConnectionIsReusedAndReplacedWhenTheServerClosedIt) {
  std::vector<std::uint16_t> ports;
  ServerLimits limits;
  limits.idle_timeout = 100ms;
  const auto handler = [&ports](Request& request, Responder& responder) -> asio::awaitable<void> {
    ports.push_back(request.peer_port);
    Response empty;
    co_await responder.send(std::move(empty));
  };
  const auto server = serve(handler, limits);
  const auto scenario = [&]() -> asio::awaitable<void> {
    HttpClient client;
    ClientRequest request;
    request.url = url(*server);
    co_await client.fetch(request);
    co_await client.fetch(request);
    co_await sleep(400ms);  // longer than the server keeps it
    co_await client.fetch(request);
    EXPECT_EQ(ports.size(), 3U);
    EXPECT_EQ(ports[0], ports[1]);
    EXPECT_NE(ports[1], ports[2]);
  };
  run(scenario());
}

TEST_F(HttpClientTest, AnswerGivenBeforeTheBodyWasTakenIsSeen) {
  ServerLimits limits;
  limits.body_bytes = 1000;
  const auto handler = [](Request&, Responder& responder) -> asio::awaitable<void> {
    Response empty;
    co_await responder.send(std::move(empty));
  };
  const auto server = serve(handler, limits);
  const auto scenario = [&]() -> asio::awaitable<void> {
    ClientRequest request;
    request.method = "POST";
    request.url = url(*server);
    request.body.assign(600'000, 'x');
    const auto response = co_await fetch(request);
    EXPECT_EQ(response.status, 413);
  };
  run(scenario());
}

}  // namespace
}  // namespace edgecore::net
