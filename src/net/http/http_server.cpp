// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/http_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <list>

#include "edgecore/async/condition.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/listeners.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "net/http/arriving_interface.hpp"
#include "net/http/http_connection.hpp"

namespace edgecore::net {
namespace {

using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;
constexpr std::chrono::milliseconds kAcceptPause{100};

void check(const error_code& error, const std::string& what) {
  if (error) throw SystemError(what, error.value());
}

/// Removes a socket file if no process listens on it.
void remove_stale_socket(const std::filesystem::path& path, const asio::any_io_executor& executor) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return;
  Local::socket probe(executor);
  error_code error;
  probe.connect(Local::endpoint(path.string()), error);
  if (!error) throw SystemError("Another process listens on " + path.string(), EADDRINUSE);
  ::unlink(path.c_str());
}

}  // namespace

struct HttpServer::State : std::enable_shared_from_this<HttpServer::State> {
  struct Entry {
    asio::cancellation_signal cancel;
    HttpConnection* connection = nullptr;
  };

  State(asio::any_io_executor on, Options with, Handler calling)
      : executor(std::move(on)),
        options(std::move(with)),
        handler(std::move(calling)),
        service(options, handler) {
    if (options.unix_socket.empty()) {
      listen_tcp();
    } else {
      listen_unix();
    }
  }

  void listen_tcp() {
    error_code error;
    const bool all = options.address.empty();
    const auto address =
        all ? asio::ip::address(asio::ip::address_v6::any()) : asio::ip::make_address(options.address, error);
    if (error) throw BadInput("\"" + log::quote(options.address) + "\" is not an IP address to listen on.");
    const Tcp::endpoint endpoint(address, options.port);
    const std::string where = address.to_string() + " port " + std::to_string(options.port);
    auto& acceptor = tcp.emplace(executor);
    acceptor.open(endpoint.protocol(), error);
    check(error, "A listening socket could not be made");
    acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
    if (all) acceptor.set_option(asio::ip::v6_only(false), error);
    acceptor.bind(endpoint, error);
    check(error, "The address " + where + " could not be listened on");
    acceptor.listen(asio::socket_base::max_listen_connections, error);
    check(error, "Listening on " + where + " failed");
    listening.emplace(acceptor.native_handle());
    bound_port = acceptor.local_endpoint().port();
  }

  void listen_unix() {
    const std::string path = options.unix_socket.string();
    if (path.size() >= sizeof(sockaddr_un::sun_path))
      throw BadInput("The path of the Unix socket " + path + " is longer than 107 bytes.");
    remove_stale_socket(options.unix_socket, executor);
    error_code error;
    auto& acceptor = local.emplace(executor);
    acceptor.open(Local(), error);
    check(error, "A listening socket could not be made");
    // Sets the mode before the socket has a name, so that its file never has wider permissions.
    ::fchmod(acceptor.native_handle(), options.unix_socket_mode);
    acceptor.bind(Local::endpoint(path), error);
    check(error, "The Unix socket " + path + " could not be made");
    if (::chmod(path.c_str(), options.unix_socket_mode) != 0)
      throw SystemError("The mode of the Unix socket " + path + " could not be set", errno);
    acceptor.listen(asio::socket_base::max_listen_connections, error);
    check(error, "Listening on " + path + " failed");
    listening.emplace(acceptor.native_handle());
    ::lstat(path.c_str(), &socket_file);
  }

  void close_listener() {
    error_code ignored;
    listening.reset();
    if (tcp) tcp->close(ignored);
    if (local && local->is_open()) {
      local->close(ignored);
      remove_own_file();
    }
    stopping = true;
  }

  /// Another server may have replaced the file since: that of the module's next life, if this one hung.
  void remove_own_file() const {
    struct stat now {};
    if (::lstat(options.unix_socket.c_str(), &now) != 0) return;
    if (now.st_dev == socket_file.st_dev && now.st_ino == socket_file.st_ino)
      ::unlink(options.unix_socket.c_str());
  }

  void cut_all() {
    cutting = true;
    for (auto& entry : entries) {
      if (entry.connection == nullptr) continue;
      entry.connection->cut();
      entry.cancel.emit(asio::cancellation_type::terminal);
    }
  }

  /// Takes over an accepted socket; the coroutine keeps this state alive.
  void serve(Stream::Socket socket) {
    // A socket that is not served is closed by its destructor.
    if (entries.size() >= options.limits.connections) return;
    if (tcp && options.takes_from && !options.takes_from(arriving_interface(socket.native_handle()))) return;
    Stream stream(std::move(socket));
    auto shares = shares_of(stream);
    if (!shares) return;
    const auto entry = entries.emplace(entries.end());
    auto whole = run_connection(shared_from_this(), std::move(stream), entry, std::move(*shares));
    auto at_end = asio::bind_cancellation_slot(entry->cancel.slot(), [](const std::exception_ptr&) {});
    asio::co_spawn(executor, std::move(whole), std::move(at_end));
  }

  /// nullopt if the peer has its share of the connections already.
  [[nodiscard]] std::optional<PeerShares> shares_of(const Stream& stream) const {
    PeerShares shares;
    if (!options.budget) return shares;
    const std::string address = stream.peer().address;
    shares.connection = options.budget->connections.share_of(address);
    shares.unknown = options.budget->unknown.share_of(address);
    shares.bytes = options.budget->bytes.share_of(address);
    if (!shares.connection.resize(1) || !shares.unknown.resize(1)) return std::nullopt;
    return shares;
  }

  static asio::awaitable<void> run_connection(std::shared_ptr<State> self, Stream stream,
                                              std::list<Entry>::iterator entry, PeerShares shares) {
    HttpConnection connection(std::move(stream), self->options.tls, self->service, std::move(shares));
    entry->connection = &connection;
    const Removal removal{*self, entry};
    try {
      if (self->cutting) co_return;
      co_await connection.run();
    } catch (const std::exception&) {
      connection.cut();  // cancelled by stop()
    }
  }

  /// Removes a connection however its coroutine ends. The signal lives until the coroutine's slot is gone.
  struct Removal {
    State& state;
    std::list<Entry>::iterator entry;
    ~Removal() {
      entry->connection = nullptr;
      asio::post(state.executor, [self = state.shared_from_this(), entry = entry] {
        self->entries.erase(entry);
        if (self->entries.empty()) self->emptied.notify_all();
      });
    }
  };

  template <class Acceptor>
  static asio::awaitable<void> accept_loop(std::shared_ptr<State> self, Acceptor& acceptor) {
    SteadyTimer pause(self->executor);
    while (!self->stopping) {
      Stream::Socket socket(self->executor);
      const auto [error] = co_await acceptor.async_accept(socket, kAsResult);
      if (self->stopping) co_return;
      if (!error) {
        self->serve(std::move(socket));
        continue;
      }
      // Out of descriptors, for example: connections wait in the backlog until a later try.
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAsResult);
    }
  }

  asio::any_io_executor executor;
  Options options;
  Handler handler;
  HttpService service;
  std::optional<Tcp::acceptor> tcp;
  std::optional<Local::acceptor> local;
  std::optional<Listeners::Entry> listening;  ///< of the one that is open
  struct stat socket_file {};
  std::uint16_t bound_port = 0;
  std::list<Entry> entries;
  async::Condition emptied;  ///< the last connection has ended
  bool stopping = false;
  bool cutting = false;  ///< new connections end at once
};

HttpServer::HttpServer(asio::any_io_executor executor, Options options, Handler handler)
    : state_(std::make_shared<State>(std::move(executor), std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() {
  state_->close_listener();
  state_->cut_all();
}

void HttpServer::start() {
  const auto ignore = [](const std::exception_ptr&) {};
  if (state_->tcp) asio::co_spawn(state_->executor, State::accept_loop(state_, *state_->tcp), ignore);
  if (state_->local) asio::co_spawn(state_->executor, State::accept_loop(state_, *state_->local), ignore);
}

asio::awaitable<void> HttpServer::stop(std::chrono::milliseconds grace) {
  const auto state = state_;  // keeps the state if this object is destroyed meanwhile
  state->close_listener();
  for (auto& entry : state->entries)
    if (entry.connection != nullptr) entry.connection->finish_soon();
  if (!state->entries.empty() && grace.count() > 0) co_await state->emptied.wait_until(steady_now() + grace);
  state->cut_all();
  while (!state->entries.empty()) co_await state->emptied.wait_until(SteadyTime::max());
}

std::uint16_t HttpServer::port() const {
  return state_->bound_port;
}
std::size_t HttpServer::connections() const {
  return state_->entries.size();
}
void HttpServer::set_tls(std::shared_ptr<const TlsContext> tls) {
  state_->options.tls = std::move(tls);
}

}  // namespace edgecore::net
