// SPDX-License-Identifier: Apache-2.0
#include "edged/node/node_heartbeat.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/cri/call_error.hpp"

namespace edgecore::edged {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kHeartbeatAnswerWithin{10};
constexpr milliseconds kFirstReportRetry{100};
constexpr milliseconds kFirstLeaseRetry{200};
constexpr milliseconds kLongestHeartbeatRetry{7000};

/// `period` plus up to 4 %, so that a fleet does not report at the same moment.
SteadyTime::duration jittered_period(SteadyTime::duration period) {
  const auto spread = period / 25;
  const auto ticks = steady_now().time_since_epoch().count();
  return period + SteadyTime::duration(spread.count() > 0 ? (ticks / 1000) % spread.count() : 0);
}

bool is_stale(const kube::Status& why) {
  return why.is(kube::reason::kConflict) || why.is(kube::reason::kNotFound) ||
         why.is(kube::reason::kAlreadyExists);
}

}  // namespace

NodeHeartbeat::NodeHeartbeat(Deps deps)
    : deps_(std::move(deps)),
      node_path_(beehive::resource_path("default", names::resource::kNode, deps_.config.hostname_override)),
      patch_path_(
          beehive::resource_path("default", names::resource::kNodePatch, deps_.config.hostname_override)),
      lease_path_(
          beehive::resource_path("kube-node-lease", names::resource::kLease, deps_.config.hostname_override)),
      report_wakeup_(deps_.context.executor),
      lease_wakeup_(deps_.context.executor) {}

boost::asio::awaitable<void> NodeHeartbeat::run() {
  async::TaskGroup tasks(deps_.context.executor);
  tasks.spawn("node status", report_loop());
  tasks.spawn("node lease", lease_loop());
  co_await tasks.join();
}

void NodeHeartbeat::connection(bool up) {
  link_ = up ? Link::kUp : Link::kDown;
  ++link_changes_;
  if (!up) return;
  full_report_due();
  lease_wakeup_.notify();
}

void NodeHeartbeat::facts_changed() {
  report_wakeup_.notify();
}

void NodeHeartbeat::full_report_due() {
  full_report_.reset();
  report_wakeup_.notify();
}

SteadyTime::duration NodeHeartbeat::lease_period() const {
  return SteadyTime::duration(seconds(deps_.config.kubelet.node_lease_duration_seconds)) / 4;
}

SteadyTime::duration NodeHeartbeat::lease_patience() const {
  return std::clamp<SteadyTime::duration>(lease_period(), seconds(1), kHeartbeatAnswerWithin);
}

boost::asio::awaitable<NodeHeartbeat::Answer> NodeHeartbeat::ask(std::string operation, std::string resource,
                                                                 Json content,
                                                                 SteadyTime::duration patience) {
  const unsigned before = link_changes_;
  MetaClient meta(deps_.context.bus);
  MetaAnswer said = co_await meta.ask(std::move(operation), std::move(resource), std::move(content),
                                      std::chrono::ceil<milliseconds>(patience));
  Answer answer{std::move(said), before != link_changes_};
  co_return answer;
}

/// Logs a failure. Without a connection only at debug level, as the tunnel reports that itself.
void NodeHeartbeat::complain(log::Quiet& complaints, const char* what, const Answer& answer) {
  const bool no_tunnel =
      answer.refused->is(kube::reason::kServiceUnavailable) && (link_ != Link::kUp || answer.tunnel_changed);
  if (no_tunnel) {
    deps_.context.log->debug("cannot {}: {}", what, answer.refused->message);
  } else if (complaints.now()) {
    deps_.context.log->warn("cannot {} (attempt {}): {}", what, complaints.count(), answer.refused->message);
  }
}

void NodeHeartbeat::take_node(Json node) {
  const bool known =
      registered_ && kube::string_or(node, "metadata.uid") == kube::string_or(node_, "metadata.uid");
  node_ = std::move(node);
  registered_ = true;
  if (known) return;
  lease_wakeup_.notify();
  if (deps_.node_known) deps_.node_known();
}

// ---- Status

boost::asio::awaitable<void> NodeHeartbeat::report_loop() {
  // A node registered earlier is known from its row: its lease need not wait for the registration.
  co_await find_node();

  milliseconds retry = kFirstReportRetry;
  for (;;) {
    bool done = true;
    if (link_ != Link::kDown) {
      if (!registered_) {
        const bool registers = deps_.config.registers_node();
        if (registers) {
          done = co_await register_node();
        } else {
          co_await find_node();  // another writer makes it, now or later
        }
      }
      if (done && registered_) done = co_await report();
    }
    SteadyTime::duration wait = jittered_period(deps_.config.kubelet.node_status_update_frequency);
    if (!done) {
      wait = retry;
      retry = std::min(retry * 2, kLongestHeartbeatRetry);
    } else {
      retry = kFirstReportRetry;
      report_complaints_.reset();
    }
    co_await report_wakeup_.sleep_until(steady_now() + wait);
  }
}

boost::asio::awaitable<bool> NodeHeartbeat::find_node() {
  Answer known = co_await ask(names::operation::kQuery, node_path_, nullptr, kHeartbeatAnswerWithin);
  if (known.refused || kube::string_or(known.object, "metadata.uid").empty()) co_return false;
  take_node(std::move(known.object));
  co_return true;
}

boost::asio::awaitable<std::optional<Json>> NodeHeartbeat::image_list() {
  const int most = deps_.config.kubelet.node_status_max_images.value_or(0);
  if (most == 0) co_return Json::array();
  if (!deps_.images) co_return std::nullopt;
  try {
    std::vector<cri::Image> images = co_await deps_.images();
    co_return node_images(std::move(images), most);
  } catch (const cri::CallError& error) {
    deps_.context.log->debug("the node's status tells nothing of images: {}", error.what());
  }
  co_return std::nullopt;
}

boost::asio::awaitable<bool> NodeHeartbeat::register_node() {
  std::optional<Json> images = co_await image_list();
  Json wanted = initial_node(deps_.facts(), deps_.config, deps_.context.clock.wall());
  if (images && !images->empty()) wanted["status"]["images"] = std::move(*images);
  Answer answer =
      co_await ask(names::operation::kInsert, node_path_, std::move(wanted), kHeartbeatAnswerWithin);
  if (!answer.refused) {
    deps_.context.log->info("registered as node {}", deps_.config.hostname_override);
    take_node(std::move(answer.object));
    full_report_ = deps_.context.clock.steady();
    co_return true;
  }
  if (answer.refused->is(kube::reason::kAlreadyExists)) {
    answer = co_await ask(names::operation::kQuery, node_path_, nullptr, kHeartbeatAnswerWithin);
    if (!answer.refused) {
      deps_.context.log->info("node {} is registered already", deps_.config.hostname_override);
      take_node(std::move(answer.object));
      co_return true;
    }
  }
  complain(report_complaints_, "register the node", answer);
  co_return false;
}

boost::asio::awaitable<bool> NodeHeartbeat::report() {
  const auto now = deps_.context.clock.steady();
  const bool full = !full_report_ || now - *full_report_ >= deps_.config.kubelet.node_status_report_frequency;
  std::optional<Json> images;
  if (full) images = co_await image_list();

  const NodeFacts facts = deps_.facts();
  const Json known_status = kube::object_or_empty(node_, "status");
  const Json wanted = node_status(facts, deps_.config, known_status, deps_.context.clock.wall(), images);
  if (!full && !differs_beyond_heartbeat(known_status, wanted)) co_return true;

  Json patch = node_patch(node_, wanted, facts, deps_.config);
  const unsigned connection = link_changes_;
  Answer answer =
      co_await ask(names::operation::kPatch, patch_path_, std::move(patch), kHeartbeatAnswerWithin);
  if (!answer.refused) {
    take_node(std::move(answer.object));
    // Counts only a full report over the present connection.
    if (full && connection == link_changes_) full_report_ = now;
    co_return true;
  }
  if (answer.refused->is(kube::reason::kNotFound)) {
    deps_.context.log->warn("the cloud has no node {} any more: registering it again",
                            deps_.config.hostname_override);
    registered_ = false;
    node_ = nullptr;
    lease_ = nullptr;
    full_report_.reset();
    co_return false;
  }
  complain(report_complaints_, "report the node's status", answer);
  co_return false;
}

// ---- Lease

boost::asio::awaitable<void> NodeHeartbeat::lease_loop() {
  milliseconds retry = kFirstLeaseRetry;
  for (;;) {
    const SteadyTime began = steady_now();
    SteadyTime next = began + jittered_period(lease_period());
    if (link_ != Link::kDown && (registered_ || !deps_.config.registers_node())) {
      const bool renewed = co_await renew_lease();
      if (renewed) {
        retry = kFirstLeaseRetry;
        lease_complaints_.reset();
      } else {
        next = steady_now() + retry;
        retry = std::min(retry * 2, kLongestHeartbeatRetry);
      }
    }
    co_await lease_wakeup_.sleep_until(next);
  }
}

void NodeHeartbeat::take_lease(Json lease) {
  lease_ = std::move(lease);
  const SteadyTime now = deps_.context.clock.steady();
  const auto lasts = seconds(deps_.config.kubelet.node_lease_duration_seconds);
  // The lease had run out, so the cloud may have marked the node as lost; only a report changes that.
  if (renewed_ && now - *renewed_ > lasts) full_report_due();
  renewed_ = now;
}

boost::asio::awaitable<bool> NodeHeartbeat::renew_lease() {
  const int duration = deps_.config.kubelet.node_lease_duration_seconds;
  Answer answer;
  // The second try is for a stale copy, which is read again at once.
  for (int tries = 0; tries < 2; ++tries) {
    if (lease_.is_null()) {
      answer = co_await ask(names::operation::kQuery, lease_path_, nullptr, lease_patience());
      if (!answer.refused) {
        lease_ = std::move(answer.object);
      } else if (!answer.refused->is(kube::reason::kNotFound)) {
        complain(lease_complaints_, "read the node's lease", answer);
        co_return false;
      }
    }
    const bool exists = lease_.is_object();
    Json wanted = node_lease(deps_.config.hostname_override, duration, lease_,
                             kube::string_or(node_, "metadata.uid"), deps_.context.clock.wall());
    std::string operation = exists ? names::operation::kUpdate : names::operation::kInsert;
    answer = co_await ask(std::move(operation), lease_path_, std::move(wanted), lease_patience());
    if (!answer.refused) {
      take_lease(std::move(answer.object));
      co_return true;
    }
    // Without an answer the renewal may have been written or not: read the cloud's copy before the next one.
    const bool stale = is_stale(*answer.refused);
    if (stale || answer.refused->is(kube::reason::kTimeout)) lease_ = nullptr;
    if (exists && answer.refused->is(kube::reason::kNotFound)) {
      // The lease is deleted together with its Node, and a new one would be too. The report finds out whether
      // the Node exists.
      full_report_due();
      break;
    }
    if (!stale) break;
  }
  complain(lease_complaints_, "renew the node's lease", answer);
  co_return false;
}

}  // namespace edgecore::edged
