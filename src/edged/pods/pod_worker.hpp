// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/pods/pod_record.hpp"
#include "edged/pods/pod_services.hpp"
#include "edged/pods/pod_sync.hpp"
#include "edged/spec/refusal.hpp"

namespace edgecore::edged {

/// Runs one pod (by UID) from its first sync until nothing of it is left on the node (protocol/05-edged.md
/// §1.2). One step at a time: a change during a step is handled after it, but one that stops the pod, or
/// stops it sooner, cancels the step. Owned by PodWorkers; one thread.
class PodWorker {
 public:
  enum class State { kSync, kTerminating, kTerminated, kFinished };

  /// `may_start`: whether the pod may begin (a static pod waits for its predecessor). `state_changed` is
  /// called after each change of state.
  struct Hooks {
    std::function<bool(const PodWorker&)> may_start;
    std::function<void(const PodWorker&)> state_changed;
  };
  PodWorker(const PodServices& services, kube::PodPtr pod, Hooks hooks);
  PodWorker(const PodWorker&) = delete;
  PodWorker& operator=(const PodWorker&) = delete;

  /// Ends when the pod is finished. If cancelled before, it leaves everything on the node as it is.
  boost::asio::awaitable<void> run();

  /// A new version of the pod. A deletion in it, or a final phase, begins the stop.
  void update(const kube::PodPtr& pod);
  /// Why a pod is stopped: removed from its source, evicted (`failed`) or an orphan (`unreported`).
  struct Kill {
    std::optional<std::int64_t> grace_seconds;
    std::optional<Refusal> failed;
    bool unreported = false;
  };
  void kill(const Kill& kill);
  /// An operator's restart stops these containers, by id: they are started again whatever their exit code.
  void restarting(const std::set<std::string>& containers) {
    record_.restarted.insert(containers.begin(), containers.end());
    wakeup_.notify();
  }
  /// Something may have changed: runtime, probes, volumes, the node.
  void look() { wakeup_.notify(); }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const kube::PodPtr& pod() const { return record_.pod; }
  [[nodiscard]] const PodRecord& record() const { return record_; }
  [[nodiscard]] bool stopping() const { return state_ != State::kSync; }

 private:
  /// The result of one step.
  struct Attempt {
    SyncOutcome outcome;
    std::string failure;  ///< empty: success
    bool network_not_ready = false;
    bool interrupted = true;     ///< also if it was cancelled before it began
    State state = State::kSync;  ///< the state in which it began
  };
  boost::asio::awaitable<void> step();
  boost::asio::awaitable<void> attempt(Attempt& result);
  boost::asio::awaitable<void> start_where_it_stands();
  void judge(const Attempt& result);
  void enter(State state);
  void begin_stop(std::optional<std::int64_t> grace_override);
  [[nodiscard]] SteadyTime after_failure();

  const PodServices& services_;
  PodRecord record_;
  Hooks hooks_;
  State state_ = State::kSync;
  async::Event wakeup_;
  async::TaskGroup* current_ = nullptr;  ///< the running step
  SteadyTime next_{};                    ///< when the next step is due
  std::chrono::milliseconds retry_{0};
  log::Quiet complaints_;
};

}  // namespace edgecore::edged
