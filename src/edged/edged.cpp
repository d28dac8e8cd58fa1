// SPDX-License-Identifier: Apache-2.0
#include "edgecore/edged/edged.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "edgecore/beehive/names.hpp"
#include "edgecore/beehive/task_group.hpp"
#include "edgecore/beehive/wakeup.hpp"
#include "edged/cgroups/cgroup_files.hpp"
#include "edged/cgroups/systemd_slices.hpp"
#include "edged/eviction/evictor.hpp"
#include "edged/eviction/node_signals.hpp"
#include "edged/eviction/pod_usage.hpp"
#include "edged/host/blocking_call.hpp"
#include "edged/host/cancellation.hpp"
#include "edged/host/disk_stats.hpp"
#include "edged/images/image_gc.hpp"
#include "edged/logs/log_rotation.hpp"
#include "edged/meta/object_source.hpp"
#include "edged/node/node_addresses.hpp"
#include "edged/node/node_heartbeat.hpp"
#include "edged/node/node_policy.hpp"
#include "edged/pods/pod_restart.hpp"
#include "edged/pods/pod_services.hpp"
#include "edged/pods/pod_workers.hpp"
#include "edged/runtime/dead_containers.hpp"
#include "edged/sources/mirror_pods.hpp"
#include "edged/sources/pod_sources.hpp"
#include "edged/sources/static_pods.hpp"
#include "edged/spec/pod_resources.hpp"

namespace edgecore::edged {
namespace {

using beehive::Message;

/// Sandboxes and containers made at the same time: more only queue up in the runtime.
constexpr std::size_t kMakingAtOnce = 16;
constexpr std::chrono::milliseconds kFirstListRetry{200};
constexpr std::chrono::milliseconds kLongestListRetry{10000};
constexpr std::chrono::seconds kUpkeep{60};
/// Static pods start from what their mirrors last said, but do not wait for a database that does not answer.
constexpr std::chrono::seconds kMirrorPatience{3};
/// Relist older than this: the node is not ready (protocol/05-edged.md §1.12).
constexpr std::chrono::minutes kListOverdue{3};

/// What the configuration says; where that makes no sense, what it says when nothing is set.
LogRotationPolicy rotation_policy(const config::TailoredKubeletConfig& config, const log::Logger& log) {
  try {
    return log_rotation_policy(config);
  } catch (const BadInput& error) {
    log->error("container logs are kept within the default size: {}", error.what());
    return {};
  }
}

std::unique_ptr<SliceMaker> systemd_slices(bool v2) {
  SystemdOptions options;
  options.v2 = v2;
  return make_systemd_slices(std::move(options));
}

/// With the files and slices it works on, so that a call which does not come back has them all.
struct KernelCgroups {
  explicit KernelCgroups(CgroupOptions options)
      : files(kernel_cgroup_files()),
        slices(options.driver == CgroupOptions::Driver::kSystemd ? systemd_slices(files->v2()) : nullptr),
        cgroups(std::move(options), *files, slices.get()) {}
  std::unique_ptr<CgroupFiles> files;
  std::unique_ptr<SliceMaker> slices;  ///< with the cgroup driver systemd
  Cgroups cgroups;
};

std::chrono::milliseconds look_period(const config::TailoredKubeletConfig& config) {
  return std::max(std::chrono::milliseconds(1000),
                  std::chrono::duration_cast<std::chrono::milliseconds>(config.file_check_frequency));
}

/// As above: a threshold that makes no sense is no reason to have none.
EvictionPolicy eviction_policy_or_default(const config::TailoredKubeletConfig& config,
                                          const log::Logger& log) {
  try {
    return eviction_policy(config);
  } catch (const BadInput& error) {
    log->error("pods are evicted by the default thresholds: {}", error.what());
    return eviction_policy({});
  }
}

class Edged final : public beehive::Module {
 public:
  Edged(beehive::ModuleContext& context, EdgedOptions options, EdgedDeps deps)
      : context_(context),
        options_(std::move(options)),
        deps_(std::move(deps)),
        machine_(read_machine_info()),
        addresses_({options_.config, context.executor, context.log,
                    deps_.network ? deps_.network : read_local_network, deps_.watch,
                    [this] { addresses_changed(); }}),
        node_(initial_node(facts_of_machine(), options_.config, context.clock.wall())),
        policy_(make_node_policy(options_.config, machine_, node_)),
        runtime_(deps_.runtime()),
        health_(deps_.health ? deps_.health() : nullptr),
        processes_(deps_.processes ? deps_.processes() : nullptr),
        meta_(context.bus),
        crash_backoff_(context.clock),
        making_(context.executor, kMakingAtOnce),
        cgroup_line_(context.executor, 1),
        runtime_state_(*runtime_, context.executor, context.log, [this] { runtime_changed(); }),
        cache_(
            *runtime_, processes_.get(), context.executor, context.log,
            [this](const std::string& uid) { workers_.look(uid); }, [this] { garbage_.something_died(); }),
        status_(context, meta_),
        images_({*runtime_, options_.config.kubelet, context.clock, context.executor, context.log}),
        probe_runner_(*runtime_, health_.get()),
        probes_({context.executor, context.clock, context.log, probe_runner_,
                 [this](const std::string& uid) { workers_.look(uid); }}),
        hooks_(*runtime_, context.log),
        objects_(meta_),
        volumes_({options_.config.root_directory},
                 {std::make_shared<KernelMounter>(), objects_, deps_.pool, context.clock, context.executor}),
        garbage_({*runtime_, deps_.pool, context.executor, context.clock, context.log, options_.pod_logs,
                  options_.container_logs, container_gc_policy(options_.config),
                  [this] { return workers_.ready(); },
                  [this](const std::string& uid) { return workers_.fate(uid); },
                  [this](const std::string& uid) { cache_.mark_stale(uid); }}),
        services_{context,
                  options_,
                  deps_.pool,
                  *runtime_,
                  policy_,
                  meta_,
                  cache_,
                  status_,
                  images_,
                  runtime_state_,
                  probes_,
                  hooks_,
                  volumes_,
                  garbage_,
                  crash_backoff_,
                  making_,
                  nullptr,
                  cgroup_line_,
                  [this] { return addresses_.current(); }},
        workers_(services_, [this] { return node_view(); }),
        restart_(services_, workers_),
        api_("api", context.clock),
        files_("file", context.clock),
        mirrors_({context, meta_, status_, options_.config.hostname_override,
                  [this] { return kube::string_or(heartbeat_.node(), "metadata.uid"); },
                  [this](const std::string& full_name) { return workers_.static_pod_stops(full_name); },
                  [this](const kube::PodPtr& mirror) { pass_on(api_.update(mirror)); }}),
        static_pods_({deps_.pool, context.executor, context.log, options_.config.kubelet.static_pod_path,
                      options_.config.hostname_override,
                      [this](const std::vector<kube::PodPtr>& pods) { take_static_pods(pods); },
                      look_period(options_.config.kubelet)}),
        listed_(context.executor),
        disks_(deps_.pool),
        image_gc_({*runtime_, disks_, context.executor, context.clock, context.log,
                   image_gc_policy(options_.config), [this] { return workers_.ready(); },
                   [this] { return images_of(workers_.active()); }}),
        signals_({*runtime_, disks_, context.log, options_.config.root_directory, machine_.memory_kib * 1024,
                  [this] { return kernel_cgroups_ ? kernel_cgroups_->files.get() : nullptr; }}),
        usage_({*runtime_, deps_.pool, context.log, options_.pod_logs,
                [this](const std::string& uid) { return volumes_.pod_directory(uid); },
                [this] { return kernel_cgroups_ ? kernel_cgroups_->files.get() : nullptr; },
                [this](const kube::Pod& pod) {
                  return services_.cgroups == nullptr ? std::string() : services_.cgroups->pod_parent(pod);
                }}),
        evictor_({signals_, usage_, context.executor, context.clock, context.log,
                  eviction_policy_or_default(options_.config.kubelet, context.log),
                  [this] { return workers_.ready(); }, [this] { return make_room(); },
                  [this] { return workers_.active(); },
                  [this](const std::string& uid, const Refusal& why, std::int64_t grace) {
                    return workers_.evict(uid, why, grace);
                  },
                  [this](const std::string& uid) { return !workers_.is_running(uid); },
                  [this] { heartbeat_.facts_changed(); }}),
        heartbeat_({context, options_.config, [this] { return facts(); }, [this] { mirrors_.look(); },
                    [this] { return runtime_->list_images({}); }}),
        log_rotation_({*runtime_, deps_.pool, context.executor, context.clock, context.log,
                       rotation_policy(options_.config.kubelet, context.log),
                       [this] { return running_logs(); }, options_.pod_logs}),
        tasks_(context.executor) {
    workers_.on_end([this](const kube::Pod& pod) {
      if (is_static(pod)) mirrors_.look();
    });
  }

  boost::asio::awaitable<void> run() override {
    workers_.on_found([this](const Json& pod) { take_object(names::operation::kUpdate, pod); });
    addresses_.look();
    co_await prepare();
    tasks_.spawn("messages", take_messages());
    tasks_.spawn("pods from the database", list_pods());
    tasks_.spawn("static pods", watch_static_pods());
    tasks_.spawn("mirror pods", mirrors_.run());
    tasks_.spawn("container runtime", runtime_state_.run());
    tasks_.spawn("pod cache", cache_.run());
    tasks_.spawn("pod workers", workers_.run());
    tasks_.spawn("pod status", status_.run());
    tasks_.spawn("probes", probes_.run());
    tasks_.spawn("node heartbeat", heartbeat_.run());
    tasks_.spawn("log rotation", log_rotation_.run());
    tasks_.spawn("dead containers", garbage_.run());
    tasks_.spawn("unused images", image_gc_.run());
    tasks_.spawn("eviction", evictor_.run());
    tasks_.spawn("upkeep", keep_up());
    tasks_.spawn("node addresses", addresses_.run());
    co_await tasks_.join();
  }

 private:
  boost::asio::awaitable<void> prepare();
  boost::asio::awaitable<void> prepare_cgroups();
  boost::asio::awaitable<void> take_messages();
  boost::asio::awaitable<void> list_pods();
  boost::asio::awaitable<void> watch_static_pods();
  boost::asio::awaitable<void> keep_up();
  boost::asio::awaitable<void> make_room();
  void take(const Message& message);
  void take_pod(const Message& message);
  void take_object(const std::string& operation, const Json& pod);
  void take_list(const Json& pods);
  void take_static_pods(const std::vector<kube::PodPtr>& pods);
  void pass_on(const std::vector<PodChange>& changes);
  void addresses_changed();
  void look_when_all_are_known();
  void runtime_changed();
  [[nodiscard]] std::vector<LogRotation::RunningLog> running_logs() const;
  [[nodiscard]] NodeFacts facts_of_machine() const;
  [[nodiscard]] NodeFacts facts() const;
  [[nodiscard]] AdmissionNode node_view() const;

  beehive::ModuleContext& context_;
  EdgedOptions options_;
  EdgedDeps deps_;
  MachineInfo machine_;
  NodeAddresses addresses_;
  std::int64_t storage_bytes_ = 0;
  bool all_known_ = false;  ///< both sources have named their pods
  Json node_;               ///< as it would register: stands in for the cloud's until that is known
  NodePolicy policy_;
  std::unique_ptr<cri::Runtime> runtime_;
  std::unique_ptr<cri::GrpcHealthChecker> health_;
  std::unique_ptr<cri::Processes> processes_;
  MetaClient meta_;
  Backoff crash_backoff_;
  Turnstile making_, cgroup_line_;
  RuntimeState runtime_state_;
  PodCache cache_;
  StatusWriter status_;
  ImagePuller images_;
  ProbeRunner probe_runner_;
  ProbeManager probes_;
  Hooks hooks_;
  MetaObjects objects_;
  VolumeHost volumes_;
  std::shared_ptr<KernelCgroups> kernel_cgroups_;  ///< null where they cannot be made
  ContainerGc garbage_;
  PodServices services_;
  PodWorkers workers_;
  PodRestart restart_;
  PodSource api_, files_;
  MirrorPods mirrors_;
  StaticPods static_pods_;
  beehive::Wakeup listed_;
  SystemDiskStats disks_;
  ImageGc image_gc_;
  MachineSignals signals_;
  MachinePodUsage usage_;
  Evictor evictor_;
  NodeHeartbeat heartbeat_;
  LogRotation log_rotation_;
  beehive::TaskGroup tasks_;
};

// ---- Before the first pod

boost::asio::awaitable<void> Edged::prepare() {
  const std::string trouble = co_await volumes_.prepare();
  if (!trouble.empty()) context_.log->warn("{}", trouble);
  std::function<std::int64_t()> measure = [root = options_.config.root_directory] {
    return filesystem_capacity(root);
  };
  storage_bytes_ = co_await blocking_call<std::int64_t>(deps_.pool, std::move(measure));
  node_ = initial_node(facts(), options_.config, context_.clock.wall());
  policy_ = make_node_policy(options_.config, machine_, node_);
  co_await prepare_cgroups();
}

/// Without cgroups of its own a pod still runs, within the limits of its containers.
boost::asio::awaitable<void> Edged::prepare_cgroups() {
  std::string failure;
  try {
    kernel_cgroups_ =
        std::make_shared<KernelCgroups>(cgroup_options(options_.config, machine_, policy_.resources));
    services_.cgroups = {kernel_cgroups_, &kernel_cgroups_->cgroups};
    std::function<void()> work = [cgroups = services_.cgroups] { cgroups->ensure_node(); };
    co_await blocking_call<void>(deps_.pool, std::move(work), kInTurn);
  } catch (const Error& error) {
    failure = error.what();
  }
  if (!failure.empty()) context_.log->error("the cgroups of pods cannot be limited as a whole: {}", failure);
}

NodeFacts Edged::facts_of_machine() const {
  NodeFacts facts;
  facts.node_name = options_.config.hostname_override;
  facts.addresses = addresses_.current();
  facts.agent_version = options_.agent_version;
  facts.ephemeral_storage_bytes = storage_bytes_;
  facts.machine = machine_;
  return facts;
}

NodeFacts Edged::facts() const {
  NodeFacts facts = facts_of_machine();
  facts.runtime_name = runtime_state_.name();
  facts.runtime_version = runtime_state_.version();
  facts.not_ready = runtime_state_.troubles();
  facts.memory_pressure = evictor_.pressures().memory;
  facts.disk_pressure = evictor_.pressures().disk;
  facts.pid_pressure = evictor_.pressures().pids;
  if (cache_.listed() && steady_now() - cache_.last_list() > kListOverdue)
    facts.not_ready.emplace_back("PLEG is not healthy: the container runtime was not listed for 3 minutes");
  return facts;
}

AdmissionNode Edged::node_view() const {
  AdmissionNode view;
  view.node = heartbeat_.node().is_object() ? heartbeat_.node() : node_;
  view.name = options_.config.hostname_override;
  const auto& sysctls = options_.config.kubelet.allowed_unsafe_sysctls;
  view.allowed_unsafe_sysctls = {sysctls.begin(), sysctls.end()};
  view.pressures = evictor_.pressures().conditions();
  return view;
}

// ---- Pods

boost::asio::awaitable<void> Edged::list_pods() {
  auto retry = kFirstListRetry;
  log::Quiet complaints;
  for (;;) {
    api_.begin_list();
    const MetaAnswer answer =
        co_await meta_.get(options_.config.register_node_namespace, names::resource::kPod, std::string());
    if (answer.ok() && answer.object.is_array()) {
      take_list(answer.object);
      co_return;
    }
    if (complaints.now()) {
      context_.log->warn("cannot read the pods of this node (attempt {}): {}", complaints.count(),
                         answer.refused ? answer.refused->message : "metamanager's answer is no list");
    }
    beehive::Wakeup pause(context_.executor);
    co_await pause.sleep_until(steady_now() + retry);
    retry = std::min(retry * 2, kLongestListRetry);
  }
}

void Edged::take_list(const Json& objects) {
  std::vector<kube::PodPtr> pods;
  std::set<std::string> unreadable;
  for (const Json& object : objects) {
    if (kube::string_or(object, "spec.nodeName") != options_.config.hostname_override) continue;
    try {
      pods.push_back(kube::parse_pod(object));
    } catch (const BadInput& error) {
      const std::string uid = kube::string_or(object, "metadata.uid");
      context_.log->error("a stored pod cannot be read and is left as it is: {}",
                          log::quote(error.what(), 500));
      if (!uid.empty()) unreadable.insert(uid);
    }
  }
  context_.log->info("{} pods are assigned to this node", pods.size());
  const std::vector<PodChange> changes = api_.set(pods, unreadable);
  workers_.leave_alone(std::move(unreadable));
  pass_on(changes);
  workers_.api_ready();
  mirrors_.api_ready();
  listed_.notify();
  look_when_all_are_known();
}

/// What the API says: mirrors stand for static pods and are never run.
void Edged::pass_on(const std::vector<PodChange>& changes) {
  std::vector<PodChange> own;
  for (const PodChange& change : changes) {
    if (is_mirror(*change.pod)) {
      mirrors_.take(change);
    } else {
      own.push_back(change);
    }
  }
  workers_.apply(own);
}

boost::asio::awaitable<void> Edged::watch_static_pods() {
  co_await listed_.sleep_until(steady_now() + kMirrorPatience);
  co_await static_pods_.run();
}

/// What the last life left behind, and what this one found: looked at once all pods are known.
void Edged::look_when_all_are_known() {
  if (!workers_.ready() || std::exchange(all_known_, true)) return;
  garbage_.something_died();
  image_gc_.look_now();
  evictor_.look_now();
}

void Edged::take_static_pods(const std::vector<kube::PodPtr>& pods) {
  const std::vector<PodChange> changes = files_.set(pods);
  mirrors_.set_static_pods(files_.pods());
  workers_.apply(changes);
  workers_.files_ready();
  look_when_all_are_known();
  if (!changes.empty()) context_.log->info("{} static pods", pods.size());
}

boost::asio::awaitable<void> Edged::take_messages() {
  for (;;) {
    const beehive::Delivery delivery = co_await context_.mailbox->receive();
    take(*delivery);
  }
}

void Edged::take(const Message& message) {
  const auto& route = message.route;
  if (route.source == names::source::kEdgeHub && route.resource == names::resource::kNodeConnection) {
    const bool up = message.content == names::content::kCloudConnected;
    heartbeat_.connection(up);
    status_.connection(up);
    mirrors_.connection(up);
    if (up) workers_.look_all();  // what a volume or a container lacked may be had now
    return;
  }
  const auto path = beehive::parse_resource(route.resource);
  if (route.operation == names::operation::kRestart) {
    tasks_.spawn("restart of " + log::quote(route.resource), restart_.run(message));
  } else if (path && path->type == names::resource::kPod) {
    take_pod(message);
  } else if (path && (path->type == names::resource::kConfigMap || path->type == names::resource::kSecret)) {
    const auto kind = path->type == names::resource::kConfigMap ? kube::EnvFrom::Kind::kConfigMap
                                                                : kube::EnvFrom::Kind::kSecret;
    for (const std::string& uid : volumes_.object_changed(kind, path->ns, path->name)) workers_.look(uid);
  } else {
    context_.log->warn("nothing is known here of {} {} from {}", log::quote(route.operation),
                       log::quote(route.resource), log::quote(route.source));
  }
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
    pass_on(api_.update(kube::parse_pod(pod)));
  } catch (const BadInput& error) {
    context_.log->error("{} of pod {} cannot be read and changes nothing: {}", operation,
                        log::quote(kube::string_or(pod, "metadata.name")), log::quote(error.what(), 500));
  }
}

void Edged::runtime_changed() {
  heartbeat_.facts_changed();
  if (runtime_state_.usable()) cache_.look_now();
  workers_.look_all();
}

// ---- What is done now and then

boost::asio::awaitable<void> Edged::keep_up() {
  beehive::Wakeup pause(context_.executor);
  for (;;) {
    co_await pause.sleep_until(steady_now() + kUpkeep);
    crash_backoff_.forget_idle();
    images_.forget_idle();
    if (services_.cgroups == nullptr) continue;
    const Turnstile::Place place = co_await cgroup_line_.enter();
    std::function<void()> work = [cgroups = services_.cgroups, pods = workers_.active()] {
      cgroups->update_qos(pods);
    };
    std::string failure;
    try {
      co_await blocking_call<void>(deps_.pool, std::move(work), kInTurn);
    } catch (const Error& error) {
      failure = error.what();
    }
    if (!failure.empty()) context_.log->debug("shares of the burstable class: {}", failure);
  }
}

/// Disk pressure: before a pod has to go, what nobody uses does.
boost::asio::awaitable<void> Edged::make_room() {
  try {
    co_await garbage_.collect(true);
    co_await image_gc_.remove_unused();
  } catch (const Error& error) {
    if (is_cancellation(error)) throw;
    context_.log->warn("not all that nobody uses could be removed from the disks: {}", error.what());
  }
}

std::vector<LogRotation::RunningLog> Edged::running_logs() const {
  std::vector<LogRotation::RunningLog> logs;
  for (const std::string& uid : cache_.uids()) {
    for (const auto& one : cache_.peek(uid)->containers) {
      if (one.state == cri::ContainerState::Running) logs.push_back({one.id, one.log_path});
    }
  }
  return logs;
}

void Edged::addresses_changed() {
  heartbeat_.facts_changed();
  workers_.look_all();
}

}  // namespace

beehive::ModuleFactory make_edged(EdgedOptions options, EdgedDeps deps) {
  return [options = std::move(options), deps = std::move(deps)](beehive::ModuleContext& context) {
    return std::make_unique<Edged>(context, options, deps);
  };
}

}  // namespace edgecore::edged
