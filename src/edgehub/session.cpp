// SPDX-License-Identifier: Apache-2.0
#include "edgehub/session.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/status.hpp"
#include "edgehub/node_task.hpp"
#include "edgehub/routing.hpp"

namespace edgecore::edgehub {
namespace {

constexpr std::chrono::milliseconds kShortestProbe{2000};
constexpr std::chrono::milliseconds kLongestProbe{8000};
/// CloudCore reads from a new connection before it has a session for it (after 7 ms on an idle machine, later
/// on a busy one). Until then requests are executed, but their answers are lost and the senders run into
/// their time-outs. So the first request is a greeting, which may be lost and repeated: for the cluster's CA,
/// which CloudHub answers by itself and at once (protocol/01-tunnel.md §1.6 rule 7). This is the pause before
/// the first repetition; it doubles each time.
constexpr std::chrono::milliseconds kGreetingPause{25};
/// After this, requests are sent although no greeting was answered.
constexpr std::chrono::seconds kSettlesWithin{2};
/// The sender of an older request has given up.
constexpr std::chrono::seconds kAskersWait{150};
/// How long to gather uploads before one ping asks whether they were received.
constexpr std::chrono::milliseconds kGatherUploads{50};
/// A ping without a pong for this long counts as lost. (Whether the peer is dead is judged by `silence`.)
constexpr std::chrono::seconds kPongTakes{5};
/// Greetings that are remembered, because an answer may still come.
constexpr std::size_t kGreetingsKept = 64;

/// Silence after which the peer counts as dead: just under two heartbeats.
std::chrono::milliseconds silence(const EdgeHubOptions& options) {
  return options.heartbeat * 29 / 15;
}

/// If no message comes for this long after a request, not even the answer to a greeting, the cloud has no
/// session for this node (protocol/01-tunnel.md §2.11 item 8). It is three renewals of a lease of 40 s, so
/// there is time for another connection before the node counts as lost (pains row 4).
std::chrono::milliseconds no_answer(const EdgeHubOptions& options) {
  return options.heartbeat * 2;
}

}  // namespace

std::chrono::milliseconds probe_time(SteadyTime::duration round_trip) {
  const auto wanted = std::chrono::duration_cast<std::chrono::milliseconds>(4 * round_trip);
  return std::clamp(wanted, kShortestProbe, kLongestProbe);
}

Session::Session(beehive::ModuleContext& context, const EdgeHubOptions& options, Inbound& inbound,
                 JobReports& job_reports)
    : context_(context),
      options_(options),
      inbound_(inbound),
      job_reports_(job_reports),
      queue_({.bulk_per_second = options.bulk_per_second, .bulk_burst = options.bulk_burst}),
      filled_(context.executor),
      pulse_(context.executor),
      uploaded_(context.executor),
      job_refused_(context.executor) {}

Session::~Session() = default;

boost::asio::awaitable<void> Session::connect(Identity identity) {
  net::ClientTlsOptions tls;
  tls.ca_pem = identity.ca_pem;
  tls.certificate_pem = identity.certificate_pem;
  tls.key_pem = identity.key_pem;
  tls.verify_at = time_for_verification(context_.clock.wall(), &identity);

  net::WebSocketOptions dial;
  dial.url =
      "wss://" + options_.websocket_server + "/" + options_.project_id + "/" + options_.node_name + "/events";
  dial.headers.add("Node_id", options_.node_name);
  dial.headers.add("Project_id", options_.project_id);
  dial.headers.add("ConnectionUse", "msg");
  dial.tls = net::TlsContext::client(tls);
  dial.handshake_timeout = options_.handshake_timeout;
  dial.tcp_user_timeout = silence(options_);
  socket_ = co_await net::WebSocket::connect(std::move(dial));
  socket_->on_pong([this](std::string_view payload) { on_pong(payload); });
  last_message_ = steady_now();
}

boost::asio::awaitable<void> Session::run() {
  async::TaskGroup tasks(context_.executor);
  tasks.spawn("tunnel reader", read());
  tasks.spawn("tunnel writer", write());
  tasks.spawn("tunnel heartbeat", heartbeat());
  tasks.spawn("receipts of uploads", confirm_uploads());
  tasks.spawn("reports of node jobs", send_job_reports());
  co_await tasks.join();
}

void Session::send(beehive::MessagePtr message) {
  auto outcome = queue_.push(std::move(message));
  if (outcome.replaced) tell_asker(*outcome.replaced, "a newer message replaced it before it was sent");
  if (outcome.refused) not_sent(*outcome.refused, "the queue to the cloud is full");
  filled_.notify();
}

void Session::probe() {
  if (probe_until_) return;
  probe_from_ = steady_now();
  probe_until_ = *probe_from_ + probe_time(round_trip_);
  pulse_.notify();
}

void Session::end(std::string why) {
  end_reason_ = std::move(why);
  pulse_.notify();
}

boost::asio::awaitable<void> Session::close() {
  if (socket_ && socket_->open()) {
    // The closing handshake is worth waiting for only if the peer was heard a moment ago.
    if (steady_now() - socket_->last_heard() < std::chrono::seconds(2)) {
      co_await socket_->close(1000, std::chrono::milliseconds(500));
    }
    socket_->abort();
  }
  for (const auto& message : queue_.drain())
    not_sent(*message, "the connection to the cloud was lost before it was sent");
  for (const auto& message : outstanding_.drain())
    tell_asker(message, "the connection to the cloud was lost before the answer came");
  for (const auto& message : receipts_.drain())
    tell_asker(message, "the connection was lost before the cloud confirmed that it had received it");
}

boost::asio::awaitable<void> Session::read() {
  for (;;) {
    const net::WebSocketMessage frame = co_await socket_->read();
    last_message_ = steady_now();
    traffic_.received.add(frame.data.size());
    try {
      dispatch(beehive::share(beehive::decode(frame.data)));
    } catch (const BadInput& error) {
      if (!bad_messages_.now()) continue;
      context_.log->warn("ignoring a message from the cloud that cannot be read ({} so far): {}",
                         bad_messages_.count(), error.what());
    }
  }
}

boost::asio::awaitable<void> Session::settle() {
  const SteadyTime give_up = steady_now() + kSettlesWithin;
  for (auto pause = kGreetingPause; !settled_ && steady_now() < give_up; pause *= 2) {
    co_await greet();
    const SteadyTime again = std::min<SteadyTime>(steady_now() + pause, give_up);
    while (!settled_ && steady_now() < again) co_await filled_.sleep_until(again);
  }
  if (!settled_)
    context_.log->info("the cloud has not answered a greeting within {} s; requests are sent to it now",
                       kSettlesWithin.count());
}

boost::asio::awaitable<void> Session::greet() {
  const beehive::Message greeting =
      beehive::make_message(names::module::kMetaManager, names::group::kMeta, names::operation::kQuery,
                            names::resource::kKubernetesCa, nullptr);
  if (greetings_.size() == kGreetingsKept) greetings_.erase(greetings_.begin());
  greetings_.insert(greeting.header.id);
  std::string text = beehive::encode(greeting);
  text.push_back('\n');
  traffic_.sent[static_cast<std::size_t>(class_of(greeting))].add(text.size());
  co_await socket_->write(std::move(text), options_.write_timeout);
}

boost::asio::awaitable<void> Session::write() {
  while (!begun_) co_await filled_.sleep();
  co_await settle();
  for (;;) {
    SendQueue::Next next = queue_.pop(steady_now());
    if (const auto* popped = std::get_if<beehive::MessagePtr>(&next)) {
      const beehive::Message& message = **popped;
      std::string text = beehive::encode(message);
      text.push_back('\n');
      traffic_.sent[static_cast<std::size_t>(class_of(message))].add(text.size());
      outstanding_.sent(message, steady_now());
      co_await socket_->write(std::move(text), options_.write_timeout);
      if (wants_receipt(message)) {
        receipts_.written(message);
        uploaded_.notify();
      }
    } else if (const auto* wait = std::get_if<std::chrono::nanoseconds>(&next)) {
      const SteadyTime until = steady_now() + *wait;
      co_await filled_.sleep_until(until);
    } else {
      co_await filled_.sleep();
    }
  }
}

boost::asio::awaitable<void> Session::heartbeat() {
  SteadyTime next_beat = steady_now();
  for (;;) {
    const SteadyTime now = steady_now();
    check_alive(now);
    if (now >= next_beat) {
      next_beat = now + options_.heartbeat;
      co_await beat();
      // A slow API server delays answers; CloudHub itself answers a greeting if it has a session.
      const bool unanswered = outstanding_.oldest_after(last_message_).has_value();
      if (unanswered) co_await greet();
    } else if (probe_until_) {
      co_await ping();
    }
    const SteadyTime until = next_check(next_beat);
    co_await pulse_.sleep_until(until);
  }
}

boost::asio::awaitable<void> Session::beat() {
  const beehive::Message keepalive =
      beehive::make_message(names::module::kEdgeHub, names::group::kResource, names::operation::kKeepalive,
                            names::resource::kNode, "ping");
  std::string text = beehive::encode(keepalive);
  text.push_back('\n');
  traffic_.keepalives.add(text.size());
  co_await socket_->write(std::move(text), options_.write_timeout);
  begun_ = true;
  filled_.notify();
  pinged_at_ = steady_now();
  timed_ping_ = last_ping_ + 1;
  co_await ping();
}

boost::asio::awaitable<void> Session::ping() {
  last_ping_ = receipts_.ping();
  std::string payload = std::to_string(last_ping_);
  co_await socket_->ping(std::move(payload));
}

void Session::on_pong(std::string_view payload) {
  if (pinged_at_ && Receipts::number_of(payload) >= timed_ping_) {
    round_trip_ = steady_now() - *pinged_at_;
    pinged_at_.reset();
  }
  const auto received = receipts_.pong(payload);
  for (const beehive::Message& message : received)
    context_.bus.respond(beehive::make_response(message, names::content::kOk));
  if (!received.empty()) uploaded_.notify();
}

/// Asks, with one ping at a time, whether the uploads of eventbus were received. WebSocket::ping drops a ping
/// while another is being written; then the wait here is kPongTakes.
boost::asio::awaitable<void> Session::confirm_uploads() {
  for (;;) {
    while (!receipts_.wants_ping()) co_await uploaded_.sleep();
    const SteadyTime gathered = steady_now() + kGatherUploads;
    while (steady_now() < gathered) co_await uploaded_.sleep_until(gathered);
    co_await ping();
    const SteadyTime lost = steady_now() + kPongTakes;
    while (receipts_.ping_under_way() && steady_now() < lost) co_await uploaded_.sleep_until(lost);
    if (receipts_.ping_under_way()) receipts_.ping_lost();
  }
}

void Session::check_alive(SteadyTime now) {
  if (end_reason_) throw Error(*end_reason_);
  const SteadyTime heard = socket_->last_heard();
  if (now - heard >= silence(options_)) {
    throw net::NetError(net::NetFailure::kTimeout, "the cloud has been silent for two heartbeats");
  }
  if (probe_until_ && heard > *probe_from_) {
    probe_until_.reset();
  } else if (probe_until_ && now >= *probe_until_) {
    throw net::NetError(net::NetFailure::kTimeout,
                        "nothing was heard from the cloud after the network changed");
  }
  outstanding_.forget_before(now - kAskersWait);
  const auto oldest = outstanding_.oldest_after(last_message_);
  if (oldest && now - *oldest >= no_answer(options_)) {
    throw net::NetError(net::NetFailure::kTimeout,
                        "the cloud answers no request on this connection, not even a greeting");
  }
}

SteadyTime Session::next_check(SteadyTime next_beat) const {
  SteadyTime next = std::min(next_beat, socket_->last_heard() + silence(options_));
  if (probe_until_) next = std::min(next, *probe_until_);
  if (const auto oldest = outstanding_.oldest_after(last_message_))
    next = std::min(next, *oldest + no_answer(options_));
  return next;
}

void Session::dispatch(beehive::MessagePtr message) {
  if (!std::exchange(settled_, true)) filled_.notify();
  const Destination destination = destination_of(*message);
  bool taken = true;
  if (std::holds_alternative<route::Control>(destination)) {
    send(beehive::share(beehive::make_response(*message, "ack")));
  } else if (std::holds_alternative<route::NodeTask>(destination)) {
    if (is_node_job(*message)) {
      refuse_job(*message);
    } else {
      refuse_task(*message);
    }
  } else if (std::holds_alternative<route::Reply>(destination)) {
    reply(std::move(message));
  } else if (const auto* to = std::get_if<route::ToModule>(&destination)) {
    taken = inbound_.deliver(to->module, std::move(message));
  } else if (const auto* group = std::get_if<route::ToGroup>(&destination)) {
    taken = inbound_.deliver_to_group(group->group, message);
  } else {
    context_.log->warn("ignoring a message from the cloud about {}: {}", log::quote(message->route.resource),
                       std::get<route::Unknown>(destination).why);
  }
  if (!taken)
    throw Error(
        "the modules are too slow for what the cloud sends, and the queue is full; the cloud will send it "
        "again");
}

void Session::refuse_job(const beehive::Message& job) {
  const std::string name = log::quote(job.route.resource);
  auto report = refuse_node_job(job, options_.node_name, context_.clock.wall());
  if (!report) {
    context_.log->warn("the node job {} is ignored: its resource does not name a job of this node", name);
    return;
  }
  const auto taken = job_reports_.take(job, std::move(*report), steady_now());
  if (taken == JobReports::Taken::kRepeated) {
    context_.log->info("the node job {} was sent again: it gets one report only", name);
  } else if (taken == JobReports::Taken::kFull) {
    context_.log->warn("the node job {} gets no report: too many reports wait. Delete the job in the cluster",
                       name);
  } else {
    context_.log->warn("the node job {} is reported as failed: this node does not run such jobs yet", name);
    job_refused_.notify();
  }
}

void Session::refuse_task(const beehive::Message& task) {
  const std::string name = log::quote(task.route.resource);
  if (auto report = refuse_node_task(task, options_.node_name)) {
    context_.log->warn("the node task {} is reported as failed: this node does not run such tasks yet", name);
    send(beehive::share(std::move(*report)));
  } else {
    context_.log->warn("the node task {} is ignored: its type, state or id cannot be read", name);
  }
}

boost::asio::awaitable<void> Session::send_job_reports() {
  for (;;) {
    while (auto report = job_reports_.pop(steady_now())) send(beehive::share(std::move(*report)));
    const SteadyTime next = job_reports_.next();
    co_await job_refused_.sleep_until(next);
  }
}

void Session::reply(beehive::MessagePtr message) {
  if (greetings_.erase(message->header.parent_id) > 0) return;
  outstanding_.answered(message->header.parent_id);
  if (context_.bus.respond(message)) return;
  // Nobody waits for it any more. If the cloud repeats it until it is acknowledged, metamanager must store
  // and acknowledge it.
  if (message->route.group == names::group::kResource)
    inbound_.deliver(names::module::kMetaManager, std::move(message));
}

void Session::not_sent(const beehive::Message& message, const std::string& why) {
  if (message.route.operation == names::operation::kUpdateNodeActionStatus) {
    job_reports_.give_back(message, steady_now());
  } else {
    tell_asker(message, why);
  }
}

void Session::tell_asker(const beehive::Message& message, const std::string& why) {
  const auto status = kube::Status::service_unavailable(log::quote(message.route.resource) + ": " + why);
  context_.bus.respond(
      beehive::make_error(message, names::module::kEdgeHub, names::group::kHub, status.to_json()));
}

}  // namespace edgecore::edgehub
