// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/hub.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "cloudsim/session.hpp"
#include "edgecore/base/ascii.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {

namespace asio = boost::asio;

namespace {

net::HttpServer::Options hub_options(const Authority& authority, std::uint16_t port) {
  net::HttpServer::Options made;
  made.port = port;
  made.tls = authority.server(net::ClientCertificate::kRequired, Authority::ServerIdentity::kRight);
  return made;
}

/// Like Go's upgrader: refuses an Origin whose host is not the request's Host.
bool foreign_origin(const net::Request& request) {
  const auto origin = request.headers.find("Origin");
  if (!origin) return false;
  const std::size_t scheme = origin->find("://");
  const std::string_view host = scheme == std::string_view::npos ? *origin : origin->substr(scheme + 3);
  return !iequals(host, request.headers.get("Host"));
}

asio::awaitable<void> refuse(net::Responder& responder, int status, std::string why) {
  net::Response response;
  response.status = status;
  response.body = std::move(why);
  co_await responder.send(std::move(response));
}

}  // namespace

Hub::Hub(asio::any_io_executor executor, const Authority& authority, Faults& faults, SyncRecords& records,
         Traffic& traffic, std::uint16_t port)
    : executor_(executor),
      faults_(faults),
      records_(records),
      traffic_(traffic),
      server_(executor, hub_options(authority, port),
              [this](net::Request& request, net::Responder& responder) { return serve(request, responder); }),
      late_(executor) {}

Hub::~Hub() = default;

asio::awaitable<void> Hub::stop() {
  const auto open = connections_;
  for (const auto& session : open) session->end();
  co_await server_.stop();
  late_.cancel();
  co_await late_.join();
}

asio::awaitable<void> Hub::serve(net::Request& request, net::Responder& responder) {
  if (faults_.refuse_connections) {
    responder.cut();
    co_return;
  }
  if (faults_.upgrade_status != 0) {
    co_await refuse(responder, faults_.upgrade_status, "refused by a fault switch");
    co_return;
  }
  if (!request.wants_websocket()) {
    co_await refuse(responder, 400, "Bad Request");
    co_return;
  }
  const std::string node(request.headers.get("node_id"));
  if (foreign_origin(request)) {
    traffic_.violation(node, "The upgrade request had an Origin.");
    co_await refuse(responder, 403, "Forbidden");
    co_return;
  }
  if (node.empty()) {
    co_await refuse(responder, 400, "node_id is missing");
    co_return;
  }
  const bool reads = request.headers.get("ConnectionUse") == "msg";
  if (!reads) traffic_.violation(node, "ConnectionUse is not msg: the connection is never read.");
  const net::WebSocketServerOptions socket_options;
  net::Headers no_headers;
  std::unique_ptr<net::WebSocket> socket = co_await responder.upgrade(socket_options, std::move(no_headers));
  const bool room = sessions_.contains(node) || static_cast<int>(sessions_.size()) < faults_.node_limit;
  const auto session = std::make_shared<Session>(*this, node, std::move(socket), room && reads);
  if (!reads) {
    SteadyTimer forever(executor_, SteadyTime::max());
    constexpr auto kQuiet = asio::as_tuple(asio::use_awaitable);
    co_await forever.async_wait(kQuiet);
    co_return;
  }
  add(session);
  try {
    co_await session->run();
  } catch (...) {
    session->end();
    remove(session);
    throw;
  }
  remove(session);
}

void Hub::add(const std::shared_ptr<Session>& session) {
  traffic_.connected(session->node(), steady_now());
  connections_.insert(session);
}

void Hub::open_session(Session& session) {
  const auto [at, is_first] = sessions_.try_emplace(session.node(), &session);
  if (!is_first) {
    Session* const old = std::exchange(at->second, &session);
    old->end();  // the last connection wins
    if (faults_.close_successor) late_.spawn("end of a successor", end_session_soon(session.node()));
  }
  log::get("cloudsim")->info("node {} is connected", session.node());
}

/// CloudHub finds the session of a dead connection by the node's name, and so may end the next one
/// (protocol/01-tunnel.md §2.5).
asio::awaitable<void> Hub::end_session_soon(std::string node) {
  SteadyTimer timer(executor_, std::chrono::milliseconds(5));
  co_await timer.async_wait(asio::use_awaitable);
  const auto session = sessions_.find(node);
  if (session != sessions_.end()) session->second->end();
}

void Hub::remove(const std::shared_ptr<Session>& session) {
  traffic_.disconnected(session->node(), steady_now());
  connections_.erase(session);
  const auto current = sessions_.find(session->node());
  if (current == sessions_.end() || current->second != session.get()) return;
  sessions_.erase(current);
  log::get("cloudsim")->info("node {} is disconnected", session->node());
}

void Hub::send(const std::string& node, Downstream downstream) {
  if (!downstream.message.header.parent_id.empty()) {
    if (faults_.strikes(faults_.drop_answers)) return;
    if (faults_.answer_delay.count() > 0) {
      late_.spawn("late answer", deliver_late(node, std::move(downstream)));
      return;
    }
  }
  deliver(node, std::move(downstream));
}

asio::awaitable<void> Hub::deliver_late(std::string node, Downstream downstream) {
  SteadyTimer timer(executor_, faults_.answer_delay);
  co_await timer.async_wait(asio::use_awaitable);
  try {
    deliver(node, std::move(downstream));
  } catch (const Error& error) {
    log::get("cloudsim")->error("a late answer for node {} was not sent: {}", node, error.what());
  }
}

void Hub::deliver(const std::string& node, Downstream downstream) {
  const auto session = sessions_.find(node);
  if (session != sessions_.end()) {
    session->second->offer(std::move(downstream));
    return;
  }
  // The node is away, and its next session begins with an empty queue. Only the record matters, which lets
  // the sync loop find the difference.
  NodeQueue thrown_away(node, records_);
  thrown_away.offer(std::move(downstream));
}

void Hub::node_deleted(const std::string& node) {
  cut(node, false);
  records_.forget_node(node);
}

void Hub::each(const std::string& node, const std::function<void(const std::shared_ptr<Session>&)>& call) {
  const auto open = connections_;
  for (const auto& session : open) {
    if (node.empty() || session->node() == node) call(session);
  }
}

void Hub::cut(const std::string& node, bool in_mid_message) {
  each(node, [&](const std::shared_ptr<Session>& session) {
    if (in_mid_message) {
      session->end_in_mid_message();
    } else {
      session->end();
    }
  });
}

void Hub::send_raw(const std::string& node, std::string text) {
  each(node, [&](const std::shared_ptr<Session>& session) { session->send_raw(text); });
}

void Hub::resend_everything(const std::string& node) {
  each(node, [](const std::shared_ptr<Session>& session) { session->resend_everything(); });
}

Json Hub::sessions() const {
  Json list = Json::array();
  for (const auto& session : connections_) list.push_back(session->to_json());
  return list;
}

}  // namespace edgecore::cloudsim
