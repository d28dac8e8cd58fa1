// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/host/retry.hpp"
#include "edged/pods/pod_services.hpp"
#include "edged/pods/pod_worker.hpp"
#include "edged/runtime/dead_containers.hpp"
#include "edged/runtime/pod_runtime.hpp"
#include "edged/sources/pod_sources.hpp"
#include "edged/spec/admission.hpp"
#include "edged/spec/refusal.hpp"

namespace edgecore::edged {

/// The workers of all pods (protocol/05-edged.md §1.2, §1.15): starts them, passes changes to them, and
/// removes what is left of a pod that has stopped and is gone from its source. Until a source has delivered,
/// none of its pods counts as unknown. Part of edged; belongs to its thread.
class PodWorkers {
 public:
  /// Receives events. Outlives the workers; must not block.
  class Listener {
   public:
    /// Nothing of the pod runs any more.
    virtual void pod_ended(const kube::Pod& pod) = 0;
    /// A pod that runs here but is in no source exists in the API: the database was lost.
    virtual void pod_found(const Json& pod) = 0;

   protected:
    ~Listener() = default;
  };
  /// The node as admission sees it.
  using NodeView = std::function<AdmissionNode()>;
  PodWorkers(const PodServices& services, NodeView node, Listener& listener);
  PodWorkers(const PodWorkers&) = delete;
  PodWorkers& operator=(const PodWorkers&) = delete;

  /// Runs the workers until cancelled; containers are left as they are.
  boost::asio::awaitable<void> run();

  /// The changes of a source. Not for mirror pods, which are never run.
  void apply(const std::vector<PodChange>& changes);
  /// UIDs of a source's pods that cannot be parsed: their pods stay as they are.
  void leave_alone(std::set<std::string> uids) { untouchable_ = std::move(uids); }
  /// A source has delivered: pods of the runtime that it does not name are removed from now on. An unreadable
  /// source does not delay the other's pods.
  void api_ready();
  void files_ready();

  /// Something around the pod changed: sync it soon.
  void look(const std::string& uid);
  void look_all();
  /// Evicts a pod; false if there is no such pod or it is stopping already.
  bool evict(const std::string& uid, const Refusal& why, std::optional<std::int64_t> grace_seconds);

  /// See PodWorker::restarting.
  void restarting(const std::string& uid, const std::set<std::string>& containers);
  /// The pod of that name that its source still names, running ones first; nullptr if there is none.
  [[nodiscard]] const PodWorker* find(const std::string& ns, const std::string& name) const;

  /// Pods that run or are about to run: neither stopping nor finished.
  [[nodiscard]] std::vector<kube::PodPtr> active() const;
  /// Pods whose containers, images and directories are in use or needed.
  [[nodiscard]] std::set<std::string> known() const;
  /// False for a pod that is unknown, removed, or stopped for good.
  [[nodiscard]] bool is_running(const std::string& uid) const;
  /// Whether a static pod of that name is stopping.
  [[nodiscard]] bool static_pod_stops(const std::string& full_name) const;
  /// Whether what is left of that pod may be removed.
  [[nodiscard]] PodFate fate(const std::string& uid) const;
  /// Both sources have delivered.
  [[nodiscard]] bool ready() const { return api_ready_ && files_ready_; }

 private:
  struct Entry {
    std::unique_ptr<PodWorker> worker;
    bool removed = false;  ///< its source has removed it
    bool serving = false;  ///< its coroutine runs
    bool reaping = false;
    Retry removal;
    kube::PodPtr again;  ///< the source named it again while it was being removed
  };
  void add(const kube::PodPtr& pod);
  void start(const kube::PodPtr& pod);
  void start_removal(const kube::PodPtr& orphan);
  PodWorker& make_worker(const kube::PodPtr& pod, bool removed);
  bool rejected(const kube::PodPtr& pod);
  boost::asio::awaitable<void> serve(PodWorker& worker, std::string uid);
  boost::asio::awaitable<void> housekeeping_loop();
  boost::asio::awaitable<void> shares_loop();
  boost::asio::awaitable<void> adopt_orphans();
  boost::asio::awaitable<bool> is_orphan(kube::PodPtr pod);
  boost::asio::awaitable<void> remove_orphan_directories();
  boost::asio::awaitable<void> remove_orphan_cgroups(std::set<std::string> held);
  boost::asio::awaitable<void> reap(std::string uid);
  boost::asio::awaitable<void> remove_remains(std::string uid);
  void forget_gone();
  [[nodiscard]] bool may_start(const PodWorker& worker) const;
  [[nodiscard]] bool is_judged(const std::optional<std::string>& source) const;

  const PodServices& services_;
  NodeView node_;
  Listener& listener_;
  async::TaskGroup tasks_;
  async::Event housekeeping_;
  async::Event active_changed_;
  std::map<std::string, Entry> entries_;
  std::set<std::string> refused_;  ///< UIDs that were not admitted
  std::set<std::string> untouchable_;
  std::set<std::string> unexplained_;  ///< UIDs that the cloud was asked about and has not answered for
  bool api_ready_ = false, files_ready_ = false;
  SteadyTime directories_looked_at_{};
};

/// A pod that no source knows, made from its records in the runtime; enough to stop it.
kube::PodPtr orphan_pod(const std::string& uid, const PodRuntime& runtime);

}  // namespace edgecore::edged
