// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "cloudsim/authority.hpp"
#include "cloudsim/downstream.hpp"
#include "cloudsim/faults.hpp"
#include "cloudsim/sync_records.hpp"
#include "cloudsim/traffic.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/net/http_server.hpp"

namespace edgecore::cloudsim {

class Session;

/// CloudHub's WebSocket port (protocol/01-tunnel.md §2): one session per node id, the last one wins;
/// keepalive timer; messages with and without ack. Messages that do not concern the tunnel itself go to the
/// dispatcher. All references must outlive it; one thread. Once started, stop it before destroying it.
class Hub final : public Downlink {
 public:
  /// Called for each upstream message except keepalives and acks.
  using Dispatch = std::function<void(const std::string& node, const beehive::Message& message)>;

  Hub(boost::asio::any_io_executor executor, const Authority& authority, Faults& faults, SyncRecords& records,
      Traffic& traffic, std::uint16_t port);
  ~Hub() override;
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  void set_dispatch(Dispatch dispatch) { dispatch_ = std::move(dispatch); }
  void start() { server_.start(); }
  /// Ends all connections. Nothing of the hub runs after it returns.
  boost::asio::awaitable<void> stop();
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  void set_tls(std::shared_ptr<const net::TlsContext> tls) { server_.set_tls(std::move(tls)); }

  void send(const std::string& node, Downstream downstream) override;
  void node_deleted(const std::string& node) override;

  /// One-time faults. "" for `node` means every session.
  void cut(const std::string& node, bool in_mid_message);
  void send_raw(const std::string& node, std::string text);
  void resend_everything(const std::string& node);

  [[nodiscard]] Json sessions() const;

 private:
  friend class Session;
  boost::asio::awaitable<void> serve(net::Request& request, net::Responder& responder);
  void deliver(const std::string& node, Downstream downstream);
  boost::asio::awaitable<void> deliver_late(std::string node, Downstream downstream);
  void each(const std::string& node, const std::function<void(const std::shared_ptr<Session>&)>& call);
  void add(const std::shared_ptr<Session>& session);
  /// The session is its node's from now on: messages for the node go to it.
  void open_session(Session& session);
  boost::asio::awaitable<void> end_session_soon(std::string node);
  void remove(const std::shared_ptr<Session>& session);

  boost::asio::any_io_executor executor_;
  Faults& faults_;
  SyncRecords& records_;
  Traffic& traffic_;
  Dispatch dispatch_;
  std::map<std::string, Session*> sessions_;        ///< by node; each is in connections_ too
  std::set<std::shared_ptr<Session>> connections_;  ///< all, also those without a session
  net::HttpServer server_;
  async::TaskGroup late_;  ///< delayed actions of faults
};

}  // namespace edgecore::cloudsim
