#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "cloudsim/node_queue.hpp"
#include "edgecore/net/websocket.hpp"

namespace edgecore::cloudsim {

class Hub;

/// One WebSocket connection of an edge node, with a session (`registered`) or, above the node limit, without
/// one. Owned by the loops that run on it; the hub may end it at any time.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Hub& hub, std::string node, std::unique_ptr<net::WebSocket> socket, bool registered);

  /// Reads until the connection ends. Never throws but for cancellation.
  boost::asio::awaitable<void> run();

  void offer(Downstream downstream);
  /// A text as it is, past every rule.
  void send_raw(std::string text);
  void resend_everything();
  /// Ends the connection; in mid-message when asked, by a reset.
  void end();
  void end_in_mid_message();

  [[nodiscard]] const std::string& node() const { return node_; }
  [[nodiscard]] bool registered() const { return registered_; }
  [[nodiscard]] Json to_json() const;

 private:
  using Self = std::shared_ptr<Session>;
  static boost::asio::awaitable<void> plain_loop(Self self);
  static boost::asio::awaitable<void> ack_loop(Self self);
  static boost::asio::awaitable<void> keepalive_loop(Self self);
  static boost::asio::awaitable<void> write_loudly(Self self, std::string text);

  boost::asio::awaitable<bool> write(std::string text);
  boost::asio::awaitable<bool> deliver(std::shared_ptr<const beehive::Message> message);
  /// False ends the connection.
  bool received(const std::string& text);
  void take_keepalive();
  void wake();

  Hub& hub_;
  std::string node_;
  std::unique_ptr<net::WebSocket> socket_;
  bool registered_;
  bool open_ = true;
  NodeQueue queue_;
  std::deque<std::string> raw_;
  boost::asio::steady_timer plain_wakeup_;
  boost::asio::steady_timer ack_wakeup_;
  std::string awaited_;  ///< id of the message whose ack the ack loop waits for
  bool acked_ = false;
  SteadyTime connected_at_;
  SteadyTime fed_at_;
  std::optional<SteadyTime> keepalive_at_;
  bool heard_ = false;
};

}  // namespace edgecore::cloudsim
