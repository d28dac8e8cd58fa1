// SPDX-License-Identifier: Apache-2.0
// bench_http: the HTTP server by itself, for a load generator (docs/benchmarks.md). Prints its port and
// serves until it is ended; with --stream it is its own client and prints what waiting connections cost.
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "bare_server.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/net/http_client.hpp"
#include "edgecore/net/http_server.hpp"

namespace {

using namespace edgecore;
namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Options {
  bool tls = false;
  bool bare = false;
  std::size_t body = 1024;
  std::size_t stream = 0;  ///< connections
};

struct Credentials {
  std::string certificate_pem;
  std::string key_pem;
};

Credentials make_credentials() {
  const auto key = net::PrivateKey::generate();
  net::CertificateTemplate what;
  what.subject = {{"CN", "bench"}};
  what.not_before = std::chrono::system_clock::now() - 1h;
  what.not_after = std::chrono::system_clock::now() + 24h;
  what.server_auth = true;
  what.ip_addresses = {"127.0.0.1"};
  return {net::self_sign(what, key).pem(), key.pem()};
}

/// About what a small object looks like.
std::string json_body(std::size_t size) {
  std::string body = R"({"kind":"ConfigMap","apiVersion":"v1","data":{"key":")";
  body.resize(std::max(size, body.size() + 4) - 4, 'x');
  return body + "\"}}\n";
}

/// Serves the body, or for /watch a stream that waits for news that never come.
class Api {
 public:
  explicit Api(std::size_t body) : body_(std::make_shared<const std::string>(json_body(body))) {}

  asio::awaitable<void> answer(net::Request& request, net::Responder& responder) {
    if (request.target == "/watch") co_return co_await watch(responder);
    net::Response response;
    response.headers.add("Content-Type", "application/json");
    response.shared_body = body_;
    co_await responder.send(std::move(response));
  }

 private:
  asio::awaitable<void> watch(net::Responder& responder) {
    using namespace asio::experimental::awaitable_operators;
    net::Headers headers;
    headers.add("Content-Type", "application/json");
    co_await responder.start(200, std::move(headers));
    co_await responder.write(body_);
    SteadyTimer news(co_await asio::this_coro::executor, 1h);
    co_await (news.async_wait(asio::use_awaitable) || responder.client_gone());
  }

  std::shared_ptr<const std::string> body_;
};

net::HttpServer::Options server_options(const Options& options, const Credentials& credentials) {
  net::HttpServer::Options out;
  out.limits.connections = 20'000;
  if (options.tls) {
    net::ServerTlsOptions tls;
    tls.certificate_pem = credentials.certificate_pem;
    tls.key_pem = credentials.key_pem;
    out.tls = net::TlsContext::server(tls);
  }
  return out;
}

void say_port(std::uint16_t port) {
  std::printf("%u\n", static_cast<unsigned>(port));
  std::fflush(stdout);
}

void serve(const Options& options) {
  asio::io_context io(1);
  const auto credentials = make_credentials();
  if (options.bare) {
    const Credentials used = options.tls ? credentials : Credentials();
    say_port(bench::start_bare_server(io, json_body(options.body), used.certificate_pem, used.key_pem));
    io.run();
    return;
  }
  Api api(options.body);
  net::HttpServer server(
      io.get_executor(), server_options(options, credentials),
      [&api](net::Request& request, net::Responder& responder) { return api.answer(request, responder); });
  server.start();
  say_port(server.port());
  io.run();
}

/// Clients that read a stream until they are ended; a byte into `ready` for each whose stream has begun.
[[noreturn]] void run_watchers(std::size_t count, const std::string& url, const std::string& ca_pem,
                               int ready) {
  asio::io_context io(1);
  std::shared_ptr<const net::TlsContext> tls;
  if (!ca_pem.empty()) {
    net::ClientTlsOptions options;
    options.ca_pem = ca_pem;
    tls = net::TlsContext::client(options);
  }
  std::size_t to_come = count;
  std::function<void()> add;
  const auto watch = [&]() -> asio::awaitable<void> {
    net::ClientRequest request;
    request.url = url;
    request.tls = tls;
    request.timeout = 1h;
    request.on_body = [&](std::string_view) {
      if (::write(ready, "x", 1) != 1) std::_Exit(1);
      add();
    };
    co_await net::fetch(std::move(request));
  };
  add = [&] {
    if (to_come == 0) return;
    --to_come;
    asio::co_spawn(io, watch(), [](const std::exception_ptr&) { std::_Exit(1); });
  };
  for (int at_once = 0; at_once < 20; ++at_once) add();
  io.run();
  std::_Exit(1);
}

/// A process with clients. Made before the server has any memory of its own, which it would share.
class Watchers {
 public:
  explicit Watchers(std::size_t count) : count_(count) {
    std::array<int, 2> orders{};
    std::array<int, 2> ready{};
    if (::pipe(orders.data()) != 0 || ::pipe(ready.data()) != 0)
      throw SystemError("A pipe could not be made", errno);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(orders[1]);
      std::string text(PIPE_BUF, '\0');  // written in one piece
      text.resize(
          static_cast<std::size_t>(std::max(::read(orders[0], text.data(), text.size()), ssize_t{0})));
      const auto line = std::min(text.find('\n'), text.size());
      if (line < text.size()) run_watchers(count, text.substr(0, line), text.substr(line + 1), ready[1]);
      std::_Exit(0);
    }
    ::close(orders[0]);
    ::close(ready[1]);
    orders_ = orders[1];
    ready_ = ready[0];
    ::fcntl(ready_, F_SETFL, O_NONBLOCK);
  }
  ~Watchers() {
    ::close(orders_);
    ::close(ready_);
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;

  /// Returns when all streams have begun and the server, which runs on `io`, has come to rest.
  void begin(asio::io_context& io, const std::string& url, const std::string& ca_pem) {
    const std::string text = url + "\n" + ca_pem;
    if (::write(orders_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw SystemError("The clients could not be told to begin", errno);
    std::array<char, 256> room{};
    for (std::size_t there = 0; there < count_; io.run_for(10ms)) {
      const ssize_t got = ::read(ready_, room.data(), room.size());
      if (got == 0) throw Error("The clients ended early.");
      if (got > 0) there += static_cast<std::size_t>(got);
    }
    io.run_for(500ms);
  }

 private:
  std::size_t count_;
  pid_t child_ = 0;
  int orders_ = -1;
  int ready_ = -1;
};

/// KiB of memory this process has to itself.
long pss_kib() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  std::string line;
  while (std::getline(rollup, line))
    if (line.starts_with("Pss:")) return std::stol(line.substr(4));
  throw Error("/proc/self/smaps_rollup does not say the process's PSS.");
}

/// What `options.stream` clients that wait cost the server, with a first hundred already there.
void measure_streams(const Options& options) {
  Watchers first(100);
  Watchers others(options.stream);
  const auto credentials = make_credentials();
  asio::io_context io(1);
  Api api(options.body);
  net::HttpServer server(
      io.get_executor(), server_options(options, credentials),
      [&api](net::Request& request, net::Responder& responder) { return api.answer(request, responder); });
  server.start();
  const std::string url = std::string(options.tls ? "https" : "http") +
                          "://127.0.0.1:" + std::to_string(server.port()) + "/watch";
  const std::string ca_pem = options.tls ? credentials.certificate_pem : "";
  first.begin(io, url, ca_pem);
  const long before = pss_kib();
  others.begin(io, url, ca_pem);
  const long after = pss_kib();
  const double each = static_cast<double>(after - before) / static_cast<double>(options.stream);
  const nlohmann::ordered_json figure = {{"figure", "http_waiting_stream"},
                                         {"tls", options.tls},
                                         {"connections", options.stream},
                                         {"pss_kib", after},
                                         {"kib_each", std::round(each * 100) / 100}};
  std::puts(figure.dump().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("The HTTP server for a load generator: prints its port and serves until it is ended.");
  app.add_flag("--tls", options.tls, "Serve HTTPS, with a certificate made for it");
  app.add_flag("--bare", options.bare, "The least a server on Beast can do instead, as a ruler");
  app.add_option("--body", options.body, "Bytes of an answer's body");
  app.add_option("--stream", options.stream, "Print what this many waiting streams cost, and end");
  CLI11_PARSE(app, argc, argv);
  try {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (options.stream > 0) {
      measure_streams(options);
    } else {
      serve(options);
    }
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
  }
}
