// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/session.hpp"

#include <chrono>

#include "cloudsim/hub.hpp"
#include "cloudsim/pause.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto kAckWait = 5s;
constexpr int kWrites = 5;
/// Go's server sends a longer JSON text in two frames.
constexpr std::size_t kFragmentBytes = 8192;
/// The heartbeat of the edge's default configuration plus slack; a longer gap is a violation.
constexpr auto kHeartbeat = 15s + 2s;

/// How often a loop checks whether its fault was switched off.
constexpr auto kFaultCheck = 50ms;

}  // namespace

Session::Session(Hub& hub, std::string node, std::unique_ptr<net::WebSocket> socket, bool registered)
    : hub_(hub),
      node_(std::move(node)),
      socket_(std::move(socket)),
      registered_(registered),
      queue_(node_, hub.records_),
      plain_wakeup_(hub.executor_),
      ack_wakeup_(hub.executor_),
      connected_at_(steady_now()),
      fed_at_(connected_at_),
      tasks_(hub.executor_) {}

asio::awaitable<void> Session::run() {
  if (registered_) {
    tasks_.spawn("session", open_soon());
    tasks_.spawn("messages without ack", plain_loop());
    tasks_.spawn("messages with ack", ack_loop());
    tasks_.spawn("keepalive timer", keepalive_loop());
  }
  tasks_.spawn("reader", read_loop());
  co_await tasks_.join();
}

/// CloudCore reads from a new connection before it has a session for it (seen: 7 ms). Requests in between are
/// executed, and their answers are lost.
asio::awaitable<void> Session::open_soon() {
  if (hub_.faults_.session_delay.count() > 0) co_await pause(hub_.executor_, hub_.faults_.session_delay);
  if (open_) hub_.open_session(*this);
}

asio::awaitable<void> Session::read_loop() {
  try {
    while (open_) {
      if (hub_.faults_.half_open) {
        co_await pause(hub_.executor_, kFaultCheck);
        continue;
      }
      const net::WebSocketMessage message = co_await socket_->read();
      if (hub_.faults_.half_open) continue;  // a message in flight when the line died
      if (!received(message.data)) break;
    }
  } catch (const net::NetError& error) {
    log::get("cloudsim")->debug("node {}: {}", node_, error.what());
  }
  end();
}

void Session::end() {
  if (!open_) return;
  open_ = false;
  socket_->abort();
  tasks_.cancel();
}

bool Session::received(const std::string& text) {
  beehive::Message message;
  try {
    message = beehive::decode(text);
    hub_.traffic_.inspect(node_, kube::parse_json(text, "The message"));
  } catch (const BadInput& bad) {
    hub_.traffic_.violation(node_, std::string("Closed the connection because of: ") + bad.what());
    return false;
  }
  hub_.traffic_.upstream(node_, message, text.size());
  const bool first = !std::exchange(heard_, true);
  if (first && message.route.operation != names::operation::kKeepalive)
    hub_.traffic_.violation(node_, "The first message was not a keepalive.");
  if (message.route.operation == "config" || message.route.operation == "ping" ||
      message.route.operation == "pong") {
    send_raw(wire_text(beehive::make_response(message, "ack")));
    return true;
  }
  if (message.route.operation == names::operation::kKeepalive) {
    take_keepalive();
    return true;
  }
  const auto path = beehive::parse_resource(message.route.resource);
  const bool volume = path && path->type == names::resource::kVolume;
  if (message.route.operation == names::operation::kResponse && !volume) {
    if (message.header.parent_id == awaited_ && !awaited_.empty() &&
        !hub_.faults_.strikes(hub_.faults_.drop_acks)) {
      acked_ = true;
      ack_wakeup_.notify();
    }
    return true;
  }
  if (hub_.dispatch_) hub_.dispatch_(node_, message);
  return true;
}

void Session::take_keepalive() {
  const SteadyTime now = steady_now();
  if (keepalive_at_ && now - *keepalive_at_ > kHeartbeat)
    hub_.traffic_.violation(node_, "More than the heartbeat passed between two keepalives.");
  keepalive_at_ = now;
  fed_at_ = now;
}

asio::awaitable<void> Session::keepalive_loop() {
  while (open_) {
    co_await pause(hub_.executor_, 200ms);
    if (hub_.faults_.half_open) {
      fed_at_ = steady_now();
    } else if (steady_now() - fed_at_ > hub_.faults_.keepalive) {
      hub_.traffic_.violation(node_, "The session ended because no keepalive came.");
      end();
    }
  }
}

void Session::offer(Downstream downstream) {
  switch (queue_.offer(std::move(downstream))) {
    case NodeQueue::Verdict::kNoAck:
      plain_wakeup_.notify();
      break;
    case NodeQueue::Verdict::kQueued:
      if (awaited_.empty()) ack_wakeup_.notify();
      break;
    case NodeQueue::Verdict::kDropped:
      break;
  }
}

void Session::send_raw(std::string text) {
  raw_.push_back(std::move(text));
  plain_wakeup_.notify();
}

void Session::resend_everything() {
  queue_.resend_everything();
  if (awaited_.empty()) ack_wakeup_.notify();
}

asio::awaitable<bool> Session::write(std::string text) {
  while (open_ && hub_.faults_.half_open) co_await pause(hub_.executor_, kFaultCheck);
  if (!open_) co_return false;
  try {
    if (hub_.faults_.fragment && text.size() > kFragmentBytes) {
      co_await socket_->write_fragmented(std::move(text));
    } else {
      co_await socket_->write(std::move(text));
    }
    co_return true;
  } catch (const net::NetError& error) {
    log::get("cloudsim")->debug("node {}: {}", node_, error.what());
  }
  end();
  co_return false;
}

asio::awaitable<void> Session::plain_loop() {
  while (open_) {
    if (!raw_.empty()) {
      std::string text = std::move(raw_.front());
      raw_.pop_front();
      co_await write(std::move(text));
      continue;
    }
    const auto message = queue_.take_no_ack();
    if (!message) {
      co_await plain_wakeup_.sleep();
      continue;
    }
    std::string text = wire_text(*message);
    hub_.traffic_.downstream(node_, *message, text.size());
    co_await write(std::move(text));
  }
}

asio::awaitable<void> Session::ack_loop() {
  while (open_) {
    if (hub_.faults_.pause_pushes) {
      co_await pause(hub_.executor_, kFaultCheck);
      continue;
    }
    const auto uid = queue_.take(steady_now());
    if (!uid) {
      const SteadyTime due = queue_.due().value_or(SteadyTime::max());
      co_await ack_wakeup_.sleep_until(due);
      continue;
    }
    const std::shared_ptr<const beehive::Message> message = queue_.message(*uid);
    if (!message) continue;
    const bool acked = co_await deliver(message);
    awaited_.clear();
    if (acked) {
      queue_.acknowledged(*uid, *message);
    } else if (open_) {
      queue_.gave_up(*uid, steady_now());
    }
  }
}

asio::awaitable<bool> Session::deliver(std::shared_ptr<const beehive::Message> message) {
  awaited_ = message->header.id;
  acked_ = false;
  for (int writes = 0; writes < kWrites && open_ && !acked_; ++writes) {
    beehive::Message copy = *message;
    if (writes > 0) {
      hub_.traffic_.resent(node_, *message);
      // Encoded again from the present object, with the old id and version (protocol/01-tunnel.md §2.7).
      const auto newest = queue_.message(uid_of(message->content));
      if (newest && newest->route.operation == message->route.operation) copy.content = newest->content;
    }
    std::string text = wire_text(copy);
    hub_.traffic_.downstream(node_, copy, text.size());
    const bool written = co_await write(std::move(text));
    if (!written) break;
    const SteadyTime until = steady_now() + kAckWait;
    while (open_ && !acked_ && steady_now() < until) co_await ack_wakeup_.sleep_until(until);
  }
  co_return acked_;
}

void Session::end_in_mid_message() {
  // Longer than the kernel's buffers, so that the reset comes in mid-message.
  std::string text =
      R"({"header":{"msg_id":"cut","timestamp":1},"route":{"resource":"default/pod/cut"},"content":")";
  text.append(16U << 20, 'x').append("\"}\n");
  raw_.push_front(std::move(text));
  plain_wakeup_.notify();
  tasks_.spawn("reset in mid-message", reset_soon());
}

asio::awaitable<void> Session::reset_soon() {
  co_await pause(hub_.executor_, 2ms);
  socket_->abort(true);
  end();
}

Json Session::to_json() const {
  const auto age = steady_now() - connected_at_;
  const auto counters = socket_->counters();
  return {{"node", node_},
          {"registered", registered_},
          {"ageMs", std::chrono::duration_cast<std::chrono::milliseconds>(age).count()},
          {"waiting", queue_.waiting()},
          {"awaitingAck", !awaited_.empty()},
          {"wireBytesUp", counters.wire_received},
          {"wireBytesDown", counters.wire_sent}};
}

}  // namespace edgecore::cloudsim
