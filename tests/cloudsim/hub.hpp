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
/// keepalive timer; messages with and without ack. What is not for the tunnel itself goes to the dispatcher.
/// All references must outlive it; one thread. Once started it is to be stopped before it is destroyed.
class Hub final : public Downlink {
 public:
  /// Called for each upstream message but keepalives and acks.
  using Dispatch = std::function<void(const std::string& node, const beehive::Message& message)>;

  Hub(boost::asio::any_io_executor executor, const Authority& authority, Faults& faults, SyncRecords& records,
      Traffic& traffic, std::uint16_t port);
  ~Hub() override;
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  void set_dispatch(Dispatch dispatch) { dispatch_ = std::move(dispatch); }
  void start() { server_.start(); }
  /// Ends all connections; when it returns nothing of the hub runs any more.
  boost::asio::awaitable<void> stop();
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  void set_tls(std::shared_ptr<const net::TlsContext> tls) { server_.set_tls(std::move(tls)); }

  void send(const std::string& node, Downstream downstream) override;
  void node_deleted(const std::string& node) override;

  /// Faults that happen once. "" for `node` means every session.
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
  /// From now on the session is its node's: what is for the node goes there.
  void open_session(Session& session);
  boost::asio::awaitable<void> end_session_soon(std::string node);
  void remove(const std::shared_ptr<Session>& session);

  boost::asio::any_io_executor executor_;
  Faults& faults_;
  SyncRecords& records_;
  Traffic& traffic_;
  Dispatch dispatch_;
  std::map<std::string, Session*> sessions_;        ///< by node; each is in connections_ too
  std::set<std::shared_ptr<Session>> connections_;  ///< those without a session too
  net::HttpServer server_;
  async::TaskGroup late_;  ///< what faults do some time later
};

}  // namespace edgecore::cloudsim
