// SPDX-License-Identifier: Apache-2.0
#include "edged/pods/pod_restart.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/cri/call_error.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edged/host/backoff.hpp"
#include "edged/pods/pod_workers.hpp"
#include "edged/runtime/pod_cache.hpp"
#include "edged/spec/crash_loop.hpp"

namespace edgecore::edged {
namespace {

constexpr const char* kPods = "pods";

/// Keeps a pod's UID in a set while it lives (RAII).
class InHand {
 public:
  InHand(std::set<std::string>& all, std::string uid) : all_(all), uid_(std::move(uid)) { all_.insert(uid_); }
  InHand(const InHand&) = delete;
  InHand& operator=(const InHand&) = delete;
  ~InHand() { all_.erase(uid_); }

 private:
  std::set<std::string>& all_;
  std::string uid_;
};

}  // namespace

/// The containers of one restart that have not stopped yet.
struct PodRestart::Stopping {
  explicit Stopping(boost::asio::any_io_executor executor) : changed(std::move(executor)) {}
  async::Event changed;
  std::set<std::string> left;  ///< names of containers
  Outcome<void> outcome;       ///< the first failure
};

std::vector<const cri::ContainerStatus*> containers_to_restart(const kube::Pod& pod,
                                                               const PodRuntime& runtime) {
  std::vector<const cri::ContainerStatus*> out;
  for (const auto& one : runtime.containers) {
    if (!may_run(one)) continue;
    const auto& ephemeral = pod.spec.ephemeral_containers;
    const bool stays = std::any_of(ephemeral.begin(), ephemeral.end(),
                                   [&](const auto& spec) { return spec.name == one.metadata.name; });
    if (!stays) out.push_back(&one);
  }
  return out;
}

std::optional<kube::Status> PodRestart::refuse(const std::string& ns, const std::string& name,
                                               kube::PodPtr& pod) const {
  const PodWorker* const worker = workers_.find(ns, name);
  if (worker == nullptr && !workers_.ready())
    return kube::Status::service_unavailable("The pods of this node are not known yet");
  if (worker == nullptr) return kube::Status::not_found(kPods, name);
  pod = worker->pod();
  if (worker->stopping() || pod->deleting())
    return kube::Status::conflict(kPods, name, "it has ended or is being stopped");
  if (pod->spec.restart_policy == "Never") {
    return kube::Status::conflict(
        kPods, name, "its restartPolicy is Never, so that its containers would not be started again");
  }
  if (in_hand_.contains(pod->uid)) return kube::Status::conflict(kPods, name, "it is being restarted");
  return std::nullopt;
}

void PodRestart::answer(const beehive::Message& request, const std::optional<kube::Status>& trouble) {
  services_.context.bus.respond(
      trouble ? beehive::make_error(request, names::module::kEdged, names::group::kEdged, trouble->to_json())
              : beehive::make_response(request, names::content::kOk));
}

boost::asio::awaitable<void> PodRestart::run(beehive::Message request) {
  const auto path = beehive::parse_resource(request.route.resource);
  kube::PodPtr pod;
  std::optional<kube::Status> trouble = kube::Status::bad_request("That resource names no pod");
  if (path && !path->name.empty()) trouble = refuse(path->ns, path->name, pod);
  if (trouble) {
    answer(request, trouble);
    co_return;
  }
  const InHand held(in_hand_, pod->uid);
  co_await restart(pod, request);
}

boost::asio::awaitable<void> PodRestart::stop(std::shared_ptr<Stopping> all, std::string id,
                                              std::string name) {
  try {
    co_await services_.client.stop_container(id, kGrace);
  } catch (const cri::CallError& error) {
    if (all->outcome)
      all->outcome = Failure(fmt::format("its container {} was not stopped: {}", name, error.message()));
  }
  all->left.erase(name);
  if (all->left.empty()) all->changed.notify();
}

boost::asio::awaitable<void> PodRestart::restart(kube::PodPtr pod, const beehive::Message& request) {
  const SteadyTime until = steady_now() + answer_within_;
  const auto runtime = co_await async::attempt(services_.cache.refresh(pod->uid));
  if (!runtime) {
    answer(request, kube::Status::service_unavailable(runtime.failure().message()));
    co_return;
  }
  const auto wanted = containers_to_restart(*pod, **runtime);
  const auto all = std::make_shared<Stopping>(services_.context.executor);
  std::set<std::string> ids;
  for (const auto* one : wanted) {
    ids.insert(one->id);
    all->left.insert(one->metadata.name);
  }
  services_.context.log->info("pod {} is restarted: stopping {} containers within {} s", pod->full_name(),
                              ids.size(), kGrace.count());
  // Containers in a crash back-off start at once as well.
  for (const auto* list : {&pod->spec.init_containers, &pod->spec.containers}) {
    for (const auto& container : *list)
      services_.crash_backoff.forget(container_backoff_key(*pod, container));
  }
  workers_.restarting(pod->uid, ids);

  async::TaskGroup stopping(services_.context.executor);
  for (const auto* one : wanted)
    stopping.spawn("restart of " + one->metadata.name, stop(all, one->id, one->metadata.name));
  while (!all->left.empty() && steady_now() < until) co_await all->changed.sleep_until(until);
  std::optional<kube::Status> trouble;
  if (!all->outcome) {
    trouble = kube::Status::internal(all->outcome.failure().message());
  } else if (!all->left.empty()) {
    trouble = kube::Status::timeout(
        fmt::format("the container runtime has not stopped {} yet", fmt::join(all->left, ", ")));
  }
  services_.cache.mark_stale(pod->uid);
  workers_.look(pod->uid);
  answer(request, trouble);
  co_await stopping.join();
  services_.cache.mark_stale(pod->uid);
  workers_.look(pod->uid);
}

}  // namespace edgecore::edged
