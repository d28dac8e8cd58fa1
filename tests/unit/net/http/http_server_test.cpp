// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/http_server.hpp"

#include <sys/stat.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <thread>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/listeners.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "support/temporary_directory.hpp"
#include "unit/net/net_fixture.hpp"

namespace edgecore::net {
namespace {

using namespace boost::asio::experimental::awaitable_operators;

class HttpServerTest : public NetTest {
 protected:
  static asio::awaitable<void> echo(Request& request, Responder& responder) {
    Response response;
    response.headers.add("X-Method", request.method);
    response.body = request.target + "|" + request.body;
    co_await responder.send(std::move(response));
  }

  /// Sends raw bytes and returns everything received until the server closes.
  static asio::awaitable<void> talk(std::uint16_t port, std::string bytes, std::string& answer) {
    auto socket = co_await dial(port);
    co_await send(socket, std::move(bytes));
    answer = co_await drain(socket);
  }
  std::string raw(const HttpServer& server, std::string bytes) {
    std::string answer;
    run(talk(server.port(), std::move(bytes), answer));
    return answer;
  }
  static std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
  }
};

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  const auto server = serve(echo);
  const auto answer =
      raw(*server,
          "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"
          "POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
          "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
  EXPECT_EQ(count(answer, "HTTP/1.1 200 OK"), 3U) << answer;
  const auto first = answer.find("/1|abc");
  const auto second = answer.find("/2|");
  const auto third = answer.find("/3|hello");
  EXPECT_NE(third, std::string::npos);
  EXPECT_TRUE(first < second && second < third) << answer;
}

class AdmissionTest : public HttpServerTest {
 protected:
  /// Who names himself is admitted, and his name is handed to the handler.
  static asio::awaitable<std::optional<Response>> know(Request& head) {
    std::optional<Response> refusal;
    if (head.headers.has("From")) {
      head.admission = std::make_shared<std::string>(head.headers.get("From"));
    } else {
      refusal.emplace().status = 401;
    }
    co_return refusal;
  }
  static asio::awaitable<void> greet(Request& request, Responder& responder) {
    Response response;
    response.body = *std::static_pointer_cast<std::string>(request.admission) + "|" + request.body;
    co_await responder.send(std::move(response));
  }
  std::unique_ptr<HttpServer> serve_known(std::shared_ptr<HttpBudget> budget = nullptr) {
    HttpServer::Options options;
    options.admit = know;
    options.budget = std::move(budget);
    auto server = std::make_unique<HttpServer>(io_.get_executor(), options, greet);
    server->start();
    return server;
  }
};

// 150 connections without a token, 3 MiB of body each unfinished: 12 -> 467 MiB.
TEST_F(AdmissionTest, ARefusedHeadIsAnsweredBeforeItsBodyIsTaken) {
  const auto server = serve_known();
  const auto answer =
      raw(*server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 401")) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
}

TEST_F(AdmissionTest, AnAdmittedHeadGoesOnToItsBody) {
  const auto server = serve_known();
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nFrom: a\r\nContent-Length: 3\r\n";
  const auto answer =
      raw(*server, head + "Expect: 100-continue\r\n\r\nabc" + head + "Connection: close\r\n\r\ndef");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")) << answer;
  EXPECT_NE(answer.find("a|abc"), std::string::npos) << answer;
  EXPECT_NE(answer.find("a|def"), std::string::npos) << answer;
}

TEST_F(AdmissionTest, ARefusalWithoutABodyKeepsTheConnection) {
  const auto server = serve_known();
  const auto answer = raw(*server,
                          "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nFrom: b\r\n"
                          "Connection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 401")) << answer;
  EXPECT_TRUE(answer.ends_with("b|")) << answer;
}

TEST_F(AdmissionTest, AnUnknownPeerHasNoPlaceForEver) {
  const auto budget = std::make_shared<HttpBudget>(HttpBudget::Limits{100, 4, 100'000});
  const auto server = serve_known(budget);
  run([](std::uint16_t port, HttpBudget& of) -> asio::awaitable<void> {
    auto first = co_await dial(port);
    auto second = co_await dial(port);
    auto third = co_await dial(port);
    const std::string refused = co_await drain(third);
    EXPECT_EQ(refused, "") << "two of four are one address's";
    EXPECT_EQ(of.unknown.held(), 2U);
    co_await send(first, "GET / HTTP/1.1\r\nHost: x\r\nFrom: a\r\nConnection: close\r\n\r\n");
    const std::string admitted = co_await drain(first);
    EXPECT_TRUE(admitted.ends_with("a|")) << admitted;
    EXPECT_EQ(of.unknown.held(), 1U);
  }(server->port(), *budget));
}

TEST_F(AdmissionTest, BodiesOfOneAddressLeaveRoomForOthers) {
  const auto budget = std::make_shared<HttpBudget>(HttpBudget::Limits{100, 100, 100'000});
  const auto server = serve_known(budget);
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nFrom: a\r\nConnection: close\r\nContent-Length: ";
  EXPECT_TRUE(raw(*server, head + "80000\r\n\r\n" + std::string(80'000, 'x')).starts_with("HTTP/1.1 503"));
  EXPECT_TRUE(raw(*server, head + "40000\r\n\r\n" + std::string(40'000, 'x')).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(budget->bytes.held(), 0U);
}

// 60 lists of 4 MB unread took 228 MiB; each reader had 30 s for every 64 KiB.
TEST_F(HttpServerTest, ReadersThatDoNotReadAreCutAboveTheBudget) {
  HttpServer::Options options;
  options.budget = std::make_shared<HttpBudget>(HttpBudget::Limits{0, 0, 0, 20'000'000, 10'000'000});
  HttpServer server(io_.get_executor(), options, [](Request&, Responder& responder) -> asio::awaitable<void> {
    Response response;
    response.status = responder.has_room() ? 200 : 429;
    if (response.status == 200) response.body.assign(8'000'000, 'x');
    co_await responder.send(std::move(response));
  });
  server.start();
  run([](std::uint16_t port, HttpBudget& of) -> asio::awaitable<void> {
    std::vector<asio::ip::tcp::socket> unread;
    for (int i = 0; i < 4; ++i) {
      auto socket = co_await dial(port);
      unread.push_back(std::move(socket));
      co_await send(unread.back(), "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      co_await sleep(50ms);
      EXPECT_LE(of.unsent.bytes(), 20'000'000U);
    }
    const std::string last = co_await drain(unread.back());
    EXPECT_TRUE(last.starts_with("HTTP/1.1 429")) << last.substr(0, 100);
  }(server.port(), *options.budget));
}

TEST_F(HttpServerTest, HeadIsAnsweredWithoutBody) {
  const auto server = serve(echo);
  const auto answer = raw(*server, "HEAD /abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 5\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(HttpServerTest, LimitsAreAnsweredWithTheirStatus) {
  ServerLimits limits;
  limits.header_bytes = 1000;
  limits.header_count = 5;
  limits.body_bytes = 100;
  const auto server = serve(echo, limits);
  const auto status = [this, &server](const std::string& bytes) { return raw(*server, bytes).substr(0, 12); };
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" +
                   std::string(128, 'x') + "\r\n0\r\n\r\n"),
            "HTTP/1.1 413");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\nBig: " + std::string(2000, 'x') + "\r\n\r\n"),
            "HTTP/1.1 431");
  EXPECT_EQ(status("GET /" + std::string(5000, 'x')), "HTTP/1.1 431");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\na: 1\r\nb: 1\r\nc: 1\r\nd: 1\r\ne: 1\r\n\r\n"),
            "HTTP/1.1 431");
  EXPECT_EQ(status("GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("nonsense\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), "HTTP/1.1 505");
  EXPECT_EQ(
      status(
          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      "HTTP/1.1 400");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100\r\n\r\n" +
                   std::string(100, 'x')),
            "HTTP/1.1 200");
}

TEST_F(HttpServerTest, TheOwnerSaysWhatARefusalLooksLike) {
  HttpServer::Options options;
  options.limits.body_bytes = 3;
  options.refusal = [](int status, const std::string& sentence) -> std::optional<Response> {
    if (status != 413) return std::nullopt;
    Response response;
    response.headers.add("X-Sentence", sentence);
    response.body = "too much";
    return response;
  };
  HttpServer server(io_.get_executor(), options, echo);
  server.start();
  const auto refused = raw(server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 200 OK\r\n")) << refused;
  EXPECT_NE(refused.find("Content-Length: 8\r\nConnection: close\r\n"), std::string::npos) << refused;
  EXPECT_NE(refused.find("X-Sentence: The body is too large.\r\n"), std::string::npos) << refused;
  EXPECT_TRUE(refused.ends_with("\r\n\r\ntoo much")) << refused;
  EXPECT_TRUE(raw(server, "nonsense\r\n\r\n").starts_with("HTTP/1.1 400")) << "refusal() returned nullopt";
}

TEST_F(HttpServerTest, SlowLorisIsCutOff) {
  ServerLimits limits;
  limits.header_timeout = 150ms;
  limits.idle_timeout = 150ms;
  limits.body_timeout = 150ms;
  const auto server = serve(echo, limits);
  const auto scenario = [&]() -> asio::awaitable<void> {
    for (const auto* start : {"", "GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"}) {
      auto socket = co_await dial(server->port());
      std::string bytes = start;
      const auto begun = steady_now();
      co_await send(socket, std::move(bytes));
      co_await drain(socket);
      EXPECT_LT(steady_now() - begun, 2s) << start;
      EXPECT_GT(steady_now() - begun, 100ms) << start;
    }
    // A byte now and then does not help: the time is for the whole header.
    auto socket = co_await dial(server->port());
    bool dead = false;
    for (int i = 0; i < 60 && !dead; ++i) {
      const auto byte = asio::buffer("G", 1);
      const auto [error, sent] = co_await socket.async_write_some(byte, kAsOutcome);
      dead = static_cast<bool>(error);
      co_await sleep(20ms);
    }
    EXPECT_TRUE(dead);
  };
  run(scenario());
}

TEST_F(HttpServerTest, ClientThatDoesNotReadIsCutOff) {
  ServerLimits limits;
  limits.write_timeout = 200ms;
  std::optional<NetFailure> failure;
  const auto handler = [&failure](Request&, Responder& responder) -> asio::awaitable<void> {
    Response response;
    response.body.assign(32UL * 1024 * 1024, 'x');
    try {
      co_await responder.send(std::move(response));
    } catch (const NetError& error) {
      failure = error.failure();
    }
  };
  const auto server = serve(handler, limits);
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto socket = co_await dial(server->port());
    co_await send(socket, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    while (!failure) co_await sleep(20ms);
  };
  run(scenario());
  EXPECT_EQ(failure, NetFailure::kTimeout);
}

TEST_F(HttpServerTest, ExpectContinueIsGrantedBeforeTheBodyAndRefusedAboveTheLimit) {
  ServerLimits limits;
  limits.body_bytes = 10;
  const auto server = serve(echo, limits);
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto socket = co_await dial(server->port());
    co_await send(socket,
                  "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n"
                  "Connection: close\r\n\r\n");
    const auto interim = co_await read_until(socket, "\r\n\r\n");
    EXPECT_EQ(interim, "HTTP/1.1 100 Continue\r\n\r\n");
    co_await send(socket, "body");
    const auto answer = co_await drain(socket);
    EXPECT_NE(answer.find("/e|body"), std::string::npos);
    auto second = co_await dial(server->port());
    co_await send(second,
                  "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    const auto refusal = co_await drain(second);
    EXPECT_TRUE(refusal.starts_with("HTTP/1.1 413")) << refusal;
  };
  run(scenario());
}

TEST_F(HttpServerTest, HandlerExceptionsBecomeSentencesAndTheConnectionSurvives) {
  const auto handler = [](Request& request, Responder& responder) -> asio::awaitable<void> {
    if (request.target == "/bad") throw BadInput("The pod name is empty.");
    if (request.target == "/broken") throw Error("The disk is full.");
    if (request.target == "/net") throw NetError(NetFailure::kConnect, "The runtime is away.");
    Response empty;
    if (request.target == "/ok") co_await responder.send(std::move(empty));
  };
  const auto server = serve(handler);
  std::string requests;
  for (const auto* path : {"/bad", "/broken", "/net", "/silent"})
    requests += std::string("GET ") + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto answer = raw(*server, requests + "GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(count(answer, "HTTP/1.1 400"), 1U) << answer;
  EXPECT_EQ(count(answer, "HTTP/1.1 500"), 3U) << answer;
  EXPECT_EQ(count(answer, "HTTP/1.1 200"), 1U) << answer;
  for (const auto* sentence : {"The pod name is empty.", "The disk is full.", "The runtime is away."})
    EXPECT_NE(answer.find(sentence), std::string::npos) << sentence;
}

TEST_F(HttpServerTest, StreamedPiecesArriveOneByOneAndAreFramed) {
  const auto handler = [](Request&, Responder& responder) -> asio::awaitable<void> {
    const Headers headers{{"Content-Type", "application/json"}};
    co_await responder.start(200, headers);
    for (int i = 0; i < 3; ++i) {
      co_await responder.write("event " + std::to_string(i) + "\n");
      co_await sleep(30ms);
    }
    co_await responder.finish();
  };
  const auto server = serve(handler);
  const auto scenario = [&]() -> asio::awaitable<void> {
    std::vector<std::string> pieces;
    ClientRequest request;
    request.url = url(*server);
    request.on_body = [&pieces](std::string_view piece) { pieces.emplace_back(piece); };
    const auto response = co_await fetch(request);
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(response.body.empty());
    const std::vector<std::string> expected{"event 0\n", "event 1\n", "event 2\n"};
    EXPECT_EQ(pieces, expected);
  };
  run(scenario());
}

TEST_F(HttpServerTest, SharedBytesAreSentAsBodyAndAsPieces) {
  const auto shared = std::make_shared<const std::string>(300'000, 's');
  const auto handler = [&shared](Request& request, Responder& responder) -> asio::awaitable<void> {
    if (request.target == "/whole") {
      Response response;
      response.body = "not this";
      response.shared_body = shared;
      co_return co_await responder.send(std::move(response));
    }
    const Headers headers;
    co_await responder.start(200, headers);
    const auto empty = std::make_shared<const std::string>();
    for (int i = 0; i < 3; ++i) {
      co_await responder.write(shared);
      co_await responder.write(empty);
    }
    co_await responder.finish();
  };
  const TestAuthority authority;
  for (const bool tls : {false, true}) {
    const auto server = serve(handler, {}, tls ? authority.server() : nullptr);
    const auto scenario = [&]() -> asio::awaitable<void> {
      HttpClient kept;
      ClientRequest request;
      request.url = (tls ? "https" : "http") + url(*server, "/whole").substr(4);
      request.tls = authority.client();
      const auto whole = co_await kept.fetch(request);
      EXPECT_TRUE(whole.body == *shared);
      request.url.replace(request.url.size() - 5, 5, "pieces");
      const auto pieces = co_await kept.fetch(request);
      EXPECT_TRUE(pieces.body == *shared + *shared + *shared);
    };
    run(scenario());
  }
  EXPECT_EQ(shared.use_count(), 1);
}

TEST_F(HttpServerTest, ClientThatPipelinesWithoutEndLetsOthersPass) {
  std::size_t answered = 0;
  const auto any_answered = [&answered] { return answered > 0; };  // counted between turns of the loop
  const auto handler = [&answered](Request& request, Responder& responder) -> asio::awaitable<void> {
    if (request.target == "/flood") ++answered;
    Response empty;
    co_await responder.send(std::move(empty));
  };
  const auto server = serve(handler);
  constexpr std::size_t kMany = 600;
  std::size_t answered_before_the_other = kMany;
  const auto other = [&]() -> asio::awaitable<void> {
    co_await sleep(0ms);
    while (!any_answered()) co_await asio::post(asio::use_awaitable);
    answered_before_the_other = answered;
  };
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto flood = co_await dial(server->port());
    std::string requests;
    for (std::size_t i = 0; i < kMany; ++i) requests += "GET /flood HTTP/1.1\r\nHost: x\r\n\r\n";
    spawn(other());
    co_await send(flood, std::move(requests));
    while (answered < kMany) co_await sleep(5ms);
  };
  run(scenario());
  EXPECT_GT(answered_before_the_other, 0U);
  EXPECT_LT(answered_before_the_other, 100U);
}

TEST_F(HttpServerTest, StreamThatIsReadAsFastAsItIsWrittenLetsOthersPass) {
  constexpr int kWithoutEnd = 200'000;
  int written = 0;
  bool stop = false;
  const auto handler = [&](Request&, Responder& responder) -> asio::awaitable<void> {
    const Headers headers;
    co_await responder.start(200, headers);
    for (; !stop && written < kWithoutEnd; ++written) co_await responder.write("tick\n");
    co_await responder.finish();
  };
  const auto server = serve(handler);
  std::string received;
  std::jthread reader([&received, port = server->port()] {  // a thread of its own, to keep up
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), port});
    const std::string request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    asio::write(socket, asio::buffer(request));
    error_code ended;
    asio::read(socket, asio::dynamic_buffer(received), ended);
  });
  const auto scenario = [&]() -> asio::awaitable<void> {
    while (written == 0) co_await sleep(1ms);
    co_await sleep(5ms);
    stop = true;
    while (server->connections() > 0) co_await sleep(5ms);
  };
  run(scenario());
  reader.join();
  EXPECT_LT(written, kWithoutEnd);
  EXPECT_TRUE(received.ends_with("0\r\n\r\n"));
}

TEST_F(HttpServerTest, RequestSentWhileClientGoneWatchesIsAnsweredNext) {
  const auto handler = [](Request& request, Responder& responder) -> asio::awaitable<void> {
    SteadyTimer work(co_await asio::this_coro::executor, 50ms);
    co_await (responder.client_gone() || work.async_wait(asio::use_awaitable));
    Response response;
    response.body = request.target + "|" + request.body;
    co_await responder.send(std::move(response));
  };
  const TestAuthority authority;
  const auto server = serve(handler);
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto socket = co_await dial(server->port());
    co_await send(socket, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHo");
    co_await sleep(20ms);
    co_await send(socket, "st: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbo");
    co_await sleep(100ms);
    co_await send(socket, "dy");
    const auto answer = co_await drain(socket);
    EXPECT_NE(answer.find("/1|"), std::string::npos) << answer;
    EXPECT_NE(answer.find("/2|body"), std::string::npos) << answer;
  };
  run(scenario());
}

TEST_F(HttpServerTest, StreamThatFailsIsNotMistakenForACompleteOne) {
  const auto handler = [](Request&, Responder& responder) -> asio::awaitable<void> {
    const Headers headers;
    co_await responder.start(200, headers);
    co_await responder.write("half");
    throw Error("The log file vanished.");
  };
  const auto server = serve(handler);
  const auto scenario = [&]() -> asio::awaitable<void> {
    ClientRequest request;
    request.url = url(*server);
    const auto error = co_await failure_of(fetch_only(request));
    EXPECT_EQ(error.failure(), NetFailure::kClosed);
  };
  run(scenario());
}

TEST_F(HttpServerTest, GoneClientEndsAnEndlessStream) {
  bool noticed = false;
  const auto handler = [&noticed](Request&, Responder& responder) -> asio::awaitable<void> {
    const Headers headers;
    co_await responder.start(200, headers);
    SteadyTimer for_ever(co_await asio::this_coro::executor, SteadyTime::max());
    co_await (responder.client_gone() || for_ever.async_wait(asio::use_awaitable));
    noticed = true;
  };
  const auto server = serve(handler);
  const auto scenario = [&]() -> asio::awaitable<void> {
    {
      auto socket = co_await dial(server->port());
      co_await send(socket, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      co_await read_until(socket, "\r\n\r\n");
      EXPECT_FALSE(noticed);
    }
    while (!noticed) co_await sleep(5ms);
    while (server->connections() > 0) co_await sleep(5ms);
  };
  run(scenario());
}

TEST_F(HttpServerTest, StopGivesGraceThenCancelsHandlers) {
  bool finished = false;
  bool cancelled = false;
  const auto handler = [&](Request& request, Responder& responder) -> asio::awaitable<void> {
    try {
      co_await sleep(request.target == "/quick" ? 100ms : 60'000ms);
      finished = true;
    } catch (const boost::system::system_error&) {
      cancelled = true;
      throw;
    }
    Response empty;
    co_await responder.send(std::move(empty));
  };
  const auto server = serve(handler);
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto idle = co_await dial(server->port());
    auto quick = co_await dial(server->port());
    co_await send(quick, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    auto slow = co_await dial(server->port());
    co_await send(slow, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    while (server->connections() < 3) co_await sleep(5ms);
    co_await sleep(20ms);
    co_await server->stop(300ms);
    EXPECT_EQ(server->connections(), 0U);
    const auto answer = co_await drain(quick);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  };
  run(scenario());
  EXPECT_TRUE(finished);
  EXPECT_TRUE(cancelled);
}

TEST_F(HttpServerTest, ConnectionsAboveTheLimitAreClosed) {
  ServerLimits limits;
  limits.connections = 2;
  const auto server = serve(echo, limits);
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto first = co_await dial(server->port());
    auto second = co_await dial(server->port());
    while (server->connections() < 2) co_await sleep(5ms);
    auto third = co_await dial(server->port());
    const auto nothing = co_await drain(third);
    EXPECT_EQ(nothing, "");
    first.close();
    while (server->connections() > 1) co_await sleep(5ms);
    auto fourth = co_await dial(server->port());
    co_await send(fourth, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const auto answer = co_await drain(fourth);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
  };
  run(scenario());
}

TEST_F(HttpServerTest, UnixSocketHasItsModeReplacesAStaleFileAndIsRemoved) {
  const edgecore::test::TemporaryDirectory directory;
  HttpServer::Options options;
  options.unix_socket = directory / "s.sock";
  options.unix_socket_mode = 0600;
  { asio::local::stream_protocol::acceptor stale(io_, options.unix_socket.string()); }
  ASSERT_TRUE(std::filesystem::exists(options.unix_socket));
  {
    HttpServer server(io_.get_executor(), options, echo);
    server.start();
    struct stat info {};
    ASSERT_EQ(::stat(options.unix_socket.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    EXPECT_THROW(HttpServer(io_.get_executor(), options, echo), SystemError);
    const auto scenario = [&]() -> asio::awaitable<void> {
      ClientRequest request;
      request.url = "http://node/x";
      request.unix_socket = options.unix_socket;
      const auto response = co_await fetch(request);
      EXPECT_EQ(response.body, "/x|");
      co_await server.stop();
    };
    run(scenario());
  }
  EXPECT_FALSE(std::filesystem::exists(options.unix_socket));
}

TEST_F(HttpServerTest, AModuleThatWasGivenUpLeavesItsPortAndItsSocketFileToTheNextOne) {
  const edgecore::test::TemporaryDirectory directory;
  HttpServer::Options on_file;
  on_file.unix_socket = directory / "s.sock";
  HttpServer::Options on_port;
  const auto listeners = std::make_shared<Listeners>();
  Listeners::adopt(listeners);
  auto old_file = std::make_unique<HttpServer>(io_.get_executor(), on_file, echo);
  auto old_port = std::make_unique<HttpServer>(io_.get_executor(), on_port, echo);
  Listeners::adopt(nullptr);
  on_port.port = old_port->port();
  listeners->shut_down();
  const HttpServer new_file(io_.get_executor(), on_file, echo);
  const HttpServer new_port(io_.get_executor(), on_port, echo);
  EXPECT_EQ(new_port.port(), on_port.port);
  old_file.reset();  // its thread has come back
  old_port.reset();
  EXPECT_TRUE(std::filesystem::exists(on_file.unix_socket));
  EXPECT_NO_THROW(asio::local::stream_protocol::socket(io_).connect(on_file.unix_socket.string()));
}

TEST_F(HttpServerTest, TakenPortIsAnErrorWithTheAddressInIt) {
  const auto server = serve(echo);
  HttpServer::Options options;
  options.port = server->port();
  try {
    HttpServer second(io_.get_executor(), options, echo);
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(server->port())), std::string::npos)
        << error.what();
  }
}

TEST_F(HttpServerTest, ManyClientsAreServedAtOnce) {
  const auto server = serve(echo);
  int good = 0;
  const auto client = [&](int number) -> asio::awaitable<void> {
    HttpClient kept;
    for (int i = 0; i < 5; ++i) {
      ClientRequest request;
      request.method = "POST";
      request.url = url(*server, "/" + std::to_string(number));
      request.body = std::string(static_cast<std::size_t>(number * 100), 'b');
      const auto response = co_await kept.fetch(request);
      if (response.body == "/" + std::to_string(number) + "|" + request.body) ++good;
    }
  };
  for (int i = 0; i < 100; ++i) spawn(client(i));
  const auto scenario = [&]() -> asio::awaitable<void> {
    while (good < 500) co_await sleep(10ms);
  };
  run(scenario());
  EXPECT_EQ(good, 500);
}

}  // namespace
}  // namespace edgecore::net
