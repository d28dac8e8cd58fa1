#include "edged/node_heartbeat.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/beehive/names.hpp"
#include "edgecore/beehive/task_group.hpp"

namespace edgecore::edged {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kAnswerWithin{60};
constexpr milliseconds kFirstRetry{100};
constexpr milliseconds kLongestRetry{7000};

SteadyTime steady_now() {
  return std::chrono::steady_clock::now();
}

/// `period` and up to 4 % more, so that a fleet does not beat in step.
SteadyTime::duration jittered(SteadyTime::duration period) {
  const auto spread = period / 25;
  const auto ticks = std::chrono::steady_clock::now().time_since_epoch().count();
  return period + SteadyTime::duration(spread.count() > 0 ? (ticks / 1000) % spread.count() : 0);
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
  beehive::TaskGroup tasks(deps_.context.executor);
  tasks.spawn("node status", report_loop());
  tasks.spawn("node lease", lease_loop());
  co_await tasks.join();
}

void NodeHeartbeat::connection(bool up) {
  connected_ = up;
  if (!up) return;
  report_wakeup_.notify();
  lease_wakeup_.notify();
}

void NodeHeartbeat::facts_changed() {
  report_wakeup_.notify();
}

boost::asio::awaitable<NodeHeartbeat::Answer> NodeHeartbeat::ask(std::string operation, std::string resource,
                                                                 Json content) {
  beehive::Message question = beehive::make_message(names::module::kEdged, names::group::kMeta, operation,
                                                    resource, std::move(content));
  Answer answer;
  try {
    const beehive::MessagePtr reply =
        co_await deps_.context.bus.request(names::module::kMetaManager, std::move(question), kAnswerWithin);
    if (reply->route.operation == names::operation::kResponse) {
      answer.object = reply->content;
    } else {
      answer.refused = kube::Status::from_json(reply->content);
    }
  } catch (const beehive::RequestFailed& failure) {
    answer.refused = kube::Status::timeout(failure.what());
  }
  co_return answer;
}

void NodeHeartbeat::take_node(Json node) {
  node_ = std::move(node);
  registered_ = true;
  lease_wakeup_.notify();
  if (deps_.node_known) deps_.node_known();
}

boost::asio::awaitable<void> NodeHeartbeat::report_loop() {
  // A node that was registered before is known from its row: its lease need not wait for anything.
  Answer known = co_await ask(names::operation::kQuery, node_path_, nullptr);
  if (!known.refused && !kube::string_or(known.object, "metadata.uid").empty())
    take_node(std::move(known.object));

  milliseconds retry = kFirstRetry;
  for (;;) {
    bool done = true;
    if (connected_) {
      if (!registered_ && deps_.config.registers_node()) done = co_await register_node();
      if (done && registered_) done = co_await report();
    }
    const auto& kubelet = deps_.config.kubelet;
    SteadyTime::duration wait = jittered(kubelet.node_status_update_frequency);
    if (!done) {
      wait = retry;
      retry = std::min(retry * 2, kLongestRetry);
    } else {
      retry = kFirstRetry;
      report_complaints_.reset();
    }
    co_await report_wakeup_.sleep_until(steady_now() + wait);
  }
}

boost::asio::awaitable<bool> NodeHeartbeat::register_node() {
  Json wanted = initial_node(deps_.facts(), deps_.config, deps_.context.clock.wall());
  Answer answer = co_await ask(names::operation::kInsert, node_path_, std::move(wanted));
  if (!answer.refused) {
    deps_.context.log->info("registered as node {}", deps_.config.hostname_override);
    take_node(std::move(answer.object));
    last_report_ = steady_now();
    first_report_ = false;
    co_return true;
  }
  if (answer.refused->is(kube::reason::kAlreadyExists)) {
    answer = co_await ask(names::operation::kQuery, node_path_, nullptr);
    if (!answer.refused) {
      deps_.context.log->info("node {} is registered already", deps_.config.hostname_override);
      take_node(std::move(answer.object));
      co_return true;
    }
  }
  if (report_complaints_.now()) {
    deps_.context.log->warn("cannot register the node (attempt {}): {}", report_complaints_.count(),
                            answer.refused->message);
  }
  co_return false;
}

boost::asio::awaitable<bool> NodeHeartbeat::report() {
  const NodeFacts facts = deps_.facts();
  const Json known_status = kube::object_or_empty(node_, "status");
  const Json wanted = node_status(facts, deps_.config, known_status, deps_.context.clock.wall());
  const bool due = steady_now() - last_report_ >= deps_.config.kubelet.node_status_report_frequency;
  if (!first_report_ && !due && !differs_beyond_heartbeat(known_status, wanted)) co_return true;

  Json patch = node_patch(node_, wanted, facts, deps_.config);
  Answer answer = co_await ask(names::operation::kPatch, patch_path_, std::move(patch));
  if (!answer.refused) {
    node_ = std::move(answer.object);
    last_report_ = steady_now();
    first_report_ = false;
    co_return true;
  }
  if (answer.refused->is(kube::reason::kNotFound)) {
    deps_.context.log->warn("the cloud does not know node {} any more: registering it anew",
                            deps_.config.hostname_override);
    registered_ = false;
    first_report_ = true;
    lease_ = nullptr;
  }
  if (report_complaints_.now()) {
    deps_.context.log->warn("cannot report the node's status (attempt {}): {}", report_complaints_.count(),
                            answer.refused->message);
  }
  co_return false;
}

boost::asio::awaitable<void> NodeHeartbeat::lease_loop() {
  const auto period = std::chrono::seconds(deps_.config.kubelet.node_lease_duration_seconds) / 4.0;
  milliseconds retry = kFirstRetry * 2;
  for (;;) {
    SteadyTime::duration wait = jittered(std::chrono::duration_cast<SteadyTime::duration>(period));
    if (connected_ && (registered_ || !deps_.config.registers_node())) {
      const bool renewed = co_await renew_lease();
      if (renewed) {
        retry = kFirstRetry * 2;
        lease_complaints_.reset();
      } else {
        wait = retry;
        retry = std::min(retry * 2, kLongestRetry);
      }
    }
    co_await lease_wakeup_.sleep_until(steady_now() + wait);
  }
}

boost::asio::awaitable<bool> NodeHeartbeat::renew_lease() {
  const int duration = deps_.config.kubelet.node_lease_duration_seconds;
  const std::string uid = kube::string_or(node_, "metadata.uid");
  const std::string& name = deps_.config.hostname_override;
  if (lease_.is_null()) {
    Answer known = co_await ask(names::operation::kQuery, lease_path_, nullptr);
    if (!known.refused) {
      lease_ = std::move(known.object);
    } else if (!known.refused->is(kube::reason::kNotFound)) {
      if (lease_complaints_.now())
        deps_.context.log->warn("cannot read the node's lease: {}", known.refused->message);
      co_return false;
    }
  }
  const bool exists = lease_.is_object();
  Json wanted = node_lease(name, duration, lease_, uid, deps_.context.clock.wall());
  std::string operation = exists ? names::operation::kUpdate : names::operation::kInsert;
  Answer answer = co_await ask(std::move(operation), lease_path_, std::move(wanted));
  if (!answer.refused) {
    lease_ = std::move(answer.object);
    co_return true;
  }
  // Somebody else wrote it, or it is gone: what we know is worth nothing, read it again.
  const bool stale = answer.refused->is(kube::reason::kConflict) ||
                     answer.refused->is(kube::reason::kNotFound) ||
                     answer.refused->is(kube::reason::kAlreadyExists);
  if (stale) lease_ = nullptr;
  if (lease_complaints_.now()) {
    deps_.context.log->warn("cannot renew the node's lease (attempt {}): {}", lease_complaints_.count(),
                            answer.refused->message);
  }
  co_return false;
}

}  // namespace edgecore::edged
