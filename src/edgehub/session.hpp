// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/edgehub/edgehub.hpp"
#include "edgecore/net/websocket.hpp"
#include "edgehub/credentials.hpp"
#include "edgehub/inbound.hpp"
#include "edgehub/job_reports.hpp"
#include "edgehub/outstanding.hpp"
#include "edgehub/receipts.hpp"
#include "edgehub/send_queue.hpp"
#include "edgehub/traffic.hpp"

namespace edgecore::edgehub {

/// One connection to CloudHub, from the upgrade to its end (protocol/01-tunnel.md §2). Owns its socket, its
/// queue and its tasks, which are joined before run() returns, so that nothing of one session reaches the
/// next (pains row 3). Belongs to the module's thread.
class Session {
 public:
  Session(beehive::ModuleContext& context, const EdgeHubOptions& options, Inbound& inbound,
          JobReports& job_reports);
  ~Session();

  /// Dials and upgrades. Throws net::NetError, BadInput.
  boost::asio::awaitable<void> connect(Identity identity);

  /// Works until the connection ends; throws what ended it: NetError, or Error from end().
  boost::asio::awaitable<void> run();

  /// Queues a message for the cloud. A request that it replaces, or that finds no room, is answered with an
  /// error.
  void send(beehive::MessagePtr message);

  /// The network changed: ends the session unless the cloud is heard within probe_time().
  void probe();
  /// Makes run() end, for example because the certificate was renewed.
  void end(std::string why);

  /// Closes the socket, then answers all open requests with an error.
  boost::asio::awaitable<void> close();

  [[nodiscard]] const Traffic& traffic() const { return traffic_; }

 private:
  boost::asio::awaitable<void> read();
  boost::asio::awaitable<void> write();
  boost::asio::awaitable<void> settle();
  boost::asio::awaitable<void> greet();
  boost::asio::awaitable<void> heartbeat();
  boost::asio::awaitable<void> beat();
  boost::asio::awaitable<void> confirm_uploads();
  boost::asio::awaitable<void> send_job_reports();
  boost::asio::awaitable<void> ping();
  void on_pong(std::string_view payload);
  void check_alive(SteadyTime now);
  [[nodiscard]] SteadyTime next_check(SteadyTime next_beat) const;
  void dispatch(beehive::MessagePtr message);
  void refuse_job(const beehive::Message& job);
  void refuse_task(const beehive::Message& task);
  void reply(beehive::MessagePtr message);
  void not_sent(const beehive::Message& message, const std::string& why);
  void tell_asker(const beehive::Message& message, const std::string& why);

  beehive::ModuleContext& context_;
  const EdgeHubOptions& options_;
  Inbound& inbound_;
  JobReports& job_reports_;
  SendQueue queue_;
  Outstanding outstanding_;
  Receipts receipts_;
  Traffic traffic_;
  std::unique_ptr<net::WebSocket> socket_;
  async::Event filled_;       ///< the writer has something to do
  async::Event pulse_;        ///< the heartbeat has something to check
  async::Event uploaded_;     ///< an upload was written, or the cloud has received one
  async::Event job_refused_;  ///< a report of a node job waits to be sent
  bool begun_ = false;        ///< the first keepalive has been sent; nothing may be sent before it
  bool settled_ = false;      ///< a message of the cloud has come on this connection, so it has a session
  std::set<std::string> greetings_;  ///< ids of the greetings
  SteadyTime last_message_{};
  std::optional<SteadyTime> probe_until_;
  std::optional<SteadyTime> probe_from_;
  std::uint64_t last_ping_ = 0;            ///< its number
  std::optional<SteadyTime> pinged_at_;    ///< the last ping whose pong is to be timed …
  std::uint64_t timed_ping_ = 0;           ///< … and its number
  SteadyTime::duration round_trip_{};      ///< the last one measured
  std::optional<std::string> end_reason_;  ///< it is to end
  log::Quiet bad_messages_;
};

/// How long to wait for a sign of life after the network changed, on a connection whose last round trip took
/// `round_trip`: short enough to be Ready 3 s after a link came up, long enough for a slow link.
std::chrono::milliseconds probe_time(SteadyTime::duration round_trip);

}  // namespace edgecore::edgehub
