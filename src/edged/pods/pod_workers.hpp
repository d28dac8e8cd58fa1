// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edgecore/beehive/task_group.hpp"
#include "edgecore/beehive/wakeup.hpp"
#include "edged/host/retry.hpp"
#include "edged/pods/pod_worker.hpp"
#include "edged/sources/pod_sources.hpp"
#include "edged/spec/admission.hpp"

namespace edgecore::edged {

/// The workers of all pods (protocol/05-edged.md §1.2, §1.15): starts them, tells them what changed, and when
/// a pod is gone from its source and from the runtime takes away the rest of it. Until a source has
/// delivered none of its pods is taken for unknown. Part of edged; belongs to its thread.
class PodWorkers {
 public:
  /// The node as admission sees it now.
  using NodeView = std::function<AdmissionNode()>;
  PodWorkers(PodServices& services, NodeView node);
  PodWorkers(const PodWorkers&) = delete;
  PodWorkers& operator=(const PodWorkers&) = delete;

  /// Runs the workers until cancelled; containers are left as they are.
  boost::asio::awaitable<void> run();

  /// What a source says (mirror pods are not for here).
  void apply(const std::vector<PodChange>& changes);
  /// UIDs that a source names with an object that cannot be read: what runs of them stays as it is.
  void leave_alone(std::set<std::string> uids) { untouchable_ = std::move(uids); }
  /// A source has delivered: from now on what is in the runtime of its pods and not wanted is removed.
  /// Neither source waits for the other, so that one that cannot be read costs the pods of no other anything.
  void api_ready();
  void files_ready();
  /// `ended` is told of each pod of which nothing runs any more.
  void on_end(std::function<void(const kube::Pod&)> ended) { ended_ = std::move(ended); }
  /// `found` is given the object of a pod that runs here and that no source has named, though the API has it:
  /// the database was lost.
  void on_found(std::function<void(const Json&)> found) { found_ = std::move(found); }

  /// The pod's surroundings changed: it is looked at soon.
  void look(const std::string& uid);
  void look_all();
  /// Evicts a pod; false when there is no such pod or it stops already.
  bool evict(const std::string& uid, const Refusal& why, std::optional<std::int64_t> grace_seconds);

  /// See PodWorker::restarting.
  void restarting(const std::string& uid, const std::set<std::string>& containers);
  /// The pod of that name that its source still names, running ones first; nullptr when there is none.
  [[nodiscard]] const PodWorker* find(const std::string& ns, const std::string& name) const;

  /// Pods that run or are about to: neither stopping nor finished.
  [[nodiscard]] std::vector<kube::PodPtr> active() const;
  /// Pods whose containers, images and directories are in use or wanted.
  [[nodiscard]] std::set<std::string> known() const;
  /// False for a pod that is unknown, removed, or stopped for good.
  [[nodiscard]] bool is_running(const std::string& uid) const;
  /// Whether a static pod of that name is being stopped.
  [[nodiscard]] bool static_pod_stops(const std::string& full_name) const;
  /// What may become of that pod's remains.
  [[nodiscard]] PodFate fate(const std::string& uid) const;
  /// Both sources have delivered.
  [[nodiscard]] bool ready() const { return api_ready_ && files_ready_; }

 private:
  struct Entry {
    std::unique_ptr<PodWorker> worker;
    bool removed = false;  ///< its source does not name it any more
    bool serving = false;  ///< its coroutine lives
    bool reaping = false;
    Retry removal;
    kube::PodPtr again;  ///< named anew while it was being removed
  };
  void add(const kube::PodPtr& pod);
  void start(const kube::PodPtr& pod);
  void start_removal(const kube::PodPtr& orphan);
  PodWorker& make_worker(const kube::PodPtr& pod, bool removed);
  bool rejected(const kube::PodPtr& pod);
  boost::asio::awaitable<void> serve(PodWorker& worker, std::string uid);
  boost::asio::awaitable<void> keep_house();
  boost::asio::awaitable<void> adopt_orphans();
  boost::asio::awaitable<bool> is_orphan(kube::PodPtr pod);
  boost::asio::awaitable<void> remove_orphan_directories();
  boost::asio::awaitable<void> reap(std::string uid);
  void forget_gone();
  [[nodiscard]] bool may_start(const PodWorker& worker) const;
  [[nodiscard]] bool is_judged(const std::optional<std::string>& source) const;

  PodServices& services_;
  NodeView node_;
  beehive::TaskGroup tasks_;
  beehive::Wakeup house_;
  std::map<std::string, Entry> entries_;
  std::set<std::string> refused_;  ///< UIDs that were not admitted
  std::set<std::string> untouchable_;
  std::set<std::string> unexplained_;  ///< UIDs of which the cloud has to say whether they are wanted
  std::function<void(const Json&)> found_;
  bool api_ready_ = false, files_ready_ = false;
  std::function<void(const kube::Pod&)> ended_;
  SteadyTime directories_looked_at_{};
};

/// A pod made up from what the runtime tells of one that nobody knows; enough to stop it.
kube::PodPtr orphan_pod(const std::string& uid, const PodRuntime& runtime);

}  // namespace edgecore::edged
