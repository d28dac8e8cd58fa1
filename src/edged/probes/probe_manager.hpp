// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/probes/probe_runner.hpp"
#include "edged/runtime/pod_runtime.hpp"
#include "edged/status/pod_status.hpp"

namespace edgecore::edged {

struct ProbeWorker;

/// Probes the containers of all pods: one worker for each container and kind of probe (protocol/05-edged.md
/// §1.9). Runs only when a probe is due or one of these functions is called. Part of edged; belongs to its
/// thread.
/// Usage: `update` after each look at the runtime (cheap if nothing changed), `readiness` when a status is
/// made, `verdicts` when actions are planned, `stop_disruptive` when a pod begins to terminate, `remove_pod`
/// when nothing of it runs any more.
class ProbeManager {
 public:
  struct Deps {
    boost::asio::any_io_executor executor;
    const Clock& clock;
    log::Logger log;
    ProbeRunner& runner;
    /// A verdict of the pod (by UID) has changed: sync it. Called from a probe's coroutine: must only take
    /// note, and not throw.
    std::function<void(const std::string& uid)> changed;
  };
  explicit ProbeManager(Deps deps);
  ProbeManager(const ProbeManager&) = delete;
  ProbeManager& operator=(const ProbeManager&) = delete;
  ~ProbeManager();

  /// Runs until cancelled, and then ends after all probes have ended. The owner must await it.
  boost::asio::awaitable<void> run();

  /// The pod and its containers as they are now. A new pod gets its workers; one that is being deleted keeps
  /// only its readiness probes. A container whose id is already in `pod.status` (this module was restarted)
  /// keeps its readiness from there until its first probe.
  void update(const kube::PodPtr& pod, const PodRuntime& runtime, const std::string& pod_ip);

  /// Ends liveness and startup probes, because the pod is to stop.
  void stop_disruptive(const std::string& uid);
  void remove_pod(const std::string& uid);

  /// For compute_pod_actions: by container id.
  [[nodiscard]] ProbeVerdicts verdicts(const std::string& uid) const;
  /// For PodStatusInput: by container id, of containers that have a startup or readiness probe.
  [[nodiscard]] std::map<std::string, Readiness> readiness(const std::string& uid) const;

  /// The number of probes.
  [[nodiscard]] std::size_t size() const;

 private:
  using Workers = std::vector<std::shared_ptr<ProbeWorker>>;
  void add_workers(const kube::PodPtr& pod, Workers& workers);
  /// A new container runs for this worker.
  void begin(ProbeWorker& worker, const kube::Pod& pod, const cri::ContainerStatus& container);
  /// The container has started: starts its other probes at once.
  static void let_go(const Workers& workers, const std::string& container);
  boost::asio::awaitable<void> work(std::shared_ptr<ProbeWorker> worker);
  boost::asio::awaitable<void> probe_once(std::shared_ptr<ProbeWorker> worker);
  void take(ProbeWorker& worker, const ProbeReply& reply);

  Deps deps_;
  WallTime born_;
  SteadyTime started_;
  std::map<std::string, Workers> pods_;  ///< by uid
  async::TaskGroup tasks_;
};

}  // namespace edgecore::edged
