// SPDX-License-Identifier: Apache-2.0
#include "edgecore/edged/edged.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "edgecore/async/sleep.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/json.hpp"
#include "edged/events.hpp"
#include "edged/node_reporting.hpp"
#include "edged/pod_stack.hpp"
#include "edged/runtime_view.hpp"
#include "edged/sources/pod_sources.hpp"
#include "edged/spec/pod_resources.hpp"
#include "edged/static_pod_stack.hpp"
#include "edged/upkeep.hpp"

namespace edgecore::edged {
namespace {

using beehive::Message;

constexpr std::chrono::milliseconds kFirstListRetry{200};
constexpr std::chrono::milliseconds kLongestListRetry{10000};

/// The module: handles its messages, keeps the source "api", and connects the parts. The parts are members in
/// the order in which they are made: each uses those above it, and reaches those below it through the
/// interfaces that Edged implements (events.hpp). The coroutines are in `tasks_`, which is the last member,
/// so that they are cancelled before the first part is destroyed.
class Edged final : public beehive::Module,
                    private PodEvents,
                    private KnownPods,
                    private NodeEvents,
                    private PodWorkers::Listener,
                    private StaticPodStack::Listener {
 public:
  Edged(beehive::ModuleContext& context, EdgedOptions options, EdgedDeps deps)
      : context_(context),
        options_(std::move(options)),
        deps_(std::move(deps)),
        runtime_(context, deps_, *this, *this),
        node_(context, options_, deps_, runtime_, *this, *this),
        pods_(context, options_, deps_, runtime_, node_, *this, *this, *this),
        upkeep_(context, options_, deps_, runtime_, node_, pods_),
        static_pods_(context, options_, deps_, node_, pods_, *this),
        api_("api", context.clock),
        tasks_(context.executor) {}

  boost::asio::awaitable<void> run() override {
    co_await pods_.prepare_volumes();
    co_await node_.prepare();
    co_await pods_.prepare_cgroups();
    tasks_.spawn("messages", take_messages());
    tasks_.spawn("pods from the database", list_pods());
    static_pods_.start(tasks_);
    runtime_.start(tasks_);
    pods_.start(tasks_);
    node_.start(tasks_);
    upkeep_.start(tasks_);
    co_await tasks_.join();
  }

 private:
  // PodEvents
  void pod_changed(const std::string& uid) override { pods_.workers().look(uid); }
  void all_pods_changed() override { pods_.workers().look_all(); }
  void something_died() override { pods_.container_gc().something_died(); }
  // KnownPods
  [[nodiscard]] bool all_pods_known() const override { return pods_.workers().ready(); }
  [[nodiscard]] PodFate pod_fate(const std::string& uid) const override { return pods_.workers().fate(uid); }
  // NodeEvents
  void node_facts_changed() override { node_.facts_changed(); }
  void node_known() override { static_pods_.look_at_mirrors(); }
  // PodWorkers::Listener
  void pod_ended(const kube::Pod& pod) override {
    if (is_static(pod)) static_pods_.look_at_mirrors();
  }
  void pod_found(const Json& pod) override { take_object(names::operation::kUpdate, pod); }
  // StaticPodStack::Listener
  void static_pods_read() override { source_delivered(); }
  void mirror_learned(const kube::PodPtr& mirror) override { pass_on(api_.update(mirror)); }

  boost::asio::awaitable<void> take_messages();
  boost::asio::awaitable<void> list_pods();
  void take(const Message& message);
  void take_connection(bool up);
  void take_pod(const Message& message);
  void take_object(const std::string& operation, const Json& pod);
  void take_list(const Json& pods);
  void note_problem(const kube::Pod& pod);
  void pass_on(const std::vector<PodChange>& changes);
  void source_delivered();

  beehive::ModuleContext& context_;
  const EdgedOptions options_;
  const EdgedDeps deps_;
  RuntimeView runtime_;
  NodeReporting node_;
  PodStack pods_;
  Upkeep upkeep_;
  StaticPodStack static_pods_;
  PodSource api_;
  bool all_known_ = false;  ///< both sources have delivered
  async::TaskGroup tasks_;
};

// ---- Pods of the API

boost::asio::awaitable<void> Edged::list_pods() {
  auto retry = kFirstListRetry;
  log::Quiet complaints;
  for (;;) {
    api_.begin_list();
    const MetaAnswer answer = co_await pods_.meta().get(options_.config.register_node_namespace,
                                                        names::resource::kPod, std::string());
    if (answer.ok() && answer.object.is_array()) {
      take_list(answer.object);
      co_return;
    }
    if (complaints.now()) {
      context_.log->warn("cannot read the pods of this node (attempt {}): {}", complaints.count(),
                         answer.refused ? answer.refused->message : "metamanager's answer is not a list");
    }
    co_await async::sleep_for(retry);
    retry = std::min(retry * 2, kLongestListRetry);
  }
}

void Edged::take_list(const Json& objects) {
  std::vector<kube::PodPtr> pods;
  std::set<std::string> unreadable;
  for (const Json& object : objects) {
    if (kube::string_or(object, "spec.nodeName") != options_.config.hostname_override) continue;
    try {
      pods.push_back(kube::read_pod(object));
      note_problem(*pods.back());
    } catch (const BadInput& error) {
      const std::string uid = kube::string_or(object, "metadata.uid");
      context_.log->error("cannot parse a stored pod, its containers run on unchanged: {}",
                          log::quote(error.what(), 500));
      if (!uid.empty()) unreadable.insert(uid);
    }
  }
  context_.log->info("{} pods are assigned to this node", pods.size());
  const std::vector<PodChange> changes = api_.set(pods, unreadable);
  pods_.workers().leave_alone(std::move(unreadable));
  pass_on(changes);
  pods_.workers().api_ready();
  static_pods_.api_listed();
  source_delivered();
}

void Edged::note_problem(const kube::Pod& pod) {
  if (pod.spec.problem.empty()) return;
  context_.log->error("pod {} cannot be read and is not started, what runs of it runs on unchanged: {}",
                      pod.full_name(), log::quote(pod.spec.problem, 500));
}

/// Mirror pods stand for static pods and are never run.
void Edged::pass_on(const std::vector<PodChange>& changes) {
  std::vector<PodChange> own;
  for (const PodChange& change : changes) {
    if (is_mirror(*change.pod)) {
      static_pods_.take_mirror(change);
    } else {
      own.push_back(change);
    }
  }
  pods_.workers().apply(own);
}

void Edged::source_delivered() {
  if (pods_.workers().ready() && !std::exchange(all_known_, true)) upkeep_.all_pods_known();
}

// ---- Messages

boost::asio::awaitable<void> Edged::take_messages() {
  for (;;) {
    const beehive::Delivery delivery = co_await context_.mailbox->receive();
    take(*delivery);
  }
}

void Edged::take(const Message& message) {
  const auto& route = message.route;
  if (route.source == names::source::kEdgeHub && route.resource == names::resource::kNodeConnection) {
    take_connection(message.content == names::content::kCloudConnected);
    return;
  }
  const auto path = beehive::parse_resource(route.resource);
  if (route.operation == names::operation::kRestart) {
    tasks_.spawn("restart of " + log::quote(route.resource), pods_.restart(message));
  } else if (path && path->type == names::resource::kPod) {
    take_pod(message);
  } else if (path && path->type == names::resource::kConfigMap) {
    pods_.object_changed(kube::EnvFrom::Kind::kConfigMap, path->ns, path->name);
  } else if (path && path->type == names::resource::kSecret) {
    pods_.object_changed(kube::EnvFrom::Kind::kSecret, path->ns, path->name);
  } else {
    context_.log->warn("message ignored, edged does not handle {} of {} from {}", log::quote(route.operation),
                       log::quote(route.resource), log::quote(route.source));
  }
}

void Edged::take_connection(bool up) {
  node_.connection(up);
  pods_.connection(up);
  static_pods_.connection(up);
}

void Edged::take_pod(const Message& message) {
  if (message.route.operation == names::operation::kDelete) {
    const std::string uid = kube::string_or(message.content, "metadata.uid");
    if (uid.empty()) {
      context_.log->warn("a deletion of {} without a UID is ignored", log::quote(message.route.resource));
      return;
    }
    pass_on(api_.remove(uid));
    return;
  }
  if (message.route.operation != names::operation::kInsert &&
      message.route.operation != names::operation::kUpdate)
    return;
  take_object(message.route.operation, message.content);
}

void Edged::take_object(const std::string& operation, const Json& pod) {
  if (kube::string_or(pod, "spec.nodeName") != options_.config.hostname_override) return;
  try {
    kube::PodPtr fresh = kube::read_pod(pod);
    note_problem(*fresh);
    const kube::PodPtr known = api_.find(fresh->uid);
    pass_on(api_.update(readable_version(known, std::move(fresh))));
  } catch (const BadInput& error) {
    context_.log->error("ignoring the {} of pod {}, it cannot be parsed: {}", operation,
                        log::quote(kube::string_or(pod, "metadata.name")), log::quote(error.what(), 500));
  }
}

}  // namespace

beehive::ModuleFactory make_edged(EdgedOptions options, EdgedDeps deps) {
  return [options = std::move(options), deps = std::move(deps)](beehive::ModuleContext& context) {
    return std::make_unique<Edged>(context, options, deps);
  };
}

}  // namespace edgecore::edged
