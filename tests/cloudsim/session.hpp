// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "cloudsim/node_queue.hpp"
#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/net/websocket.hpp"

namespace edgecore::cloudsim {

class Hub;

/// One WebSocket connection of an edge node, with a session (`registered`) or, above the node limit, without
/// one. Lives as long as run(), which owns all its coroutines; the hub may end it at any time.
class Session {
 public:
  Session(Hub& hub, std::string node, std::unique_ptr<net::WebSocket> socket, bool registered);

  /// Runs the connection until it and all coroutines of the session have ended. Throws only when cancelled.
  boost::asio::awaitable<void> run();

  void offer(Downstream downstream);
  /// Sends a text unchanged, without the queues' rules.
  void send_raw(std::string text);
  void resend_everything();
  /// Ends the connection; the second in mid-message, by a reset.
  void end();
  void end_in_mid_message();

  [[nodiscard]] const std::string& node() const { return node_; }
  [[nodiscard]] bool registered() const { return registered_; }
  [[nodiscard]] Json to_json() const;

 private:
  boost::asio::awaitable<void> open_soon();
  boost::asio::awaitable<void> read_loop();
  boost::asio::awaitable<void> plain_loop();
  boost::asio::awaitable<void> ack_loop();
  boost::asio::awaitable<void> keepalive_loop();
  boost::asio::awaitable<void> reset_soon();

  /// False if the connection has ended.
  boost::asio::awaitable<bool> write(std::string text);
  boost::asio::awaitable<bool> deliver(std::shared_ptr<const beehive::Message> message);
  /// False: end the connection.
  bool received(const std::string& text);
  void take_keepalive();

  Hub& hub_;
  std::string node_;
  std::unique_ptr<net::WebSocket> socket_;
  bool registered_;
  bool open_ = true;
  NodeQueue queue_;
  std::deque<std::string> raw_;
  async::Event plain_wakeup_;
  async::Event ack_wakeup_;
  std::string awaited_;  ///< id of the message that the ack loop waits for
  bool acked_ = false;
  SteadyTime connected_at_;
  SteadyTime fed_at_;
  std::optional<SteadyTime> keepalive_at_;
  bool heard_ = false;
  async::TaskGroup tasks_;
};

}  // namespace edgecore::cloudsim
