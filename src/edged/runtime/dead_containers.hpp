// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/wakeup.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edged/host/retry.hpp"
#include "edged/runtime/dead_logs.hpp"

namespace edgecore::edged {

/// What edged knows of the pod that something in the runtime or in the log directory belongs to.
enum class PodFate {
  kLive,        ///< wanted, being terminated or being removed: its worker looks after it
  kTerminated,  ///< over (Succeeded, Failed, evicted), but its object is still there
  kGone,        ///< unknown: nothing of it has to stay
};
using PodFates = std::function<PodFate(const std::string& uid)>;

/// protocol/05-edged.md §1.14, first line.
struct ContainerGcPolicy {
  std::chrono::nanoseconds minimum_age{0};
  std::int32_t per_container = 1;  ///< dead ones kept for each (pod uid, container name); below 0 = all
  std::int32_t in_total = -1;      ///< dead ones kept on the node; below 0 = no limit
};
ContainerGcPolicy container_gc_policy(const config::Edged& config);

/// The dead containers that go, by those rules. Dead is what does not run; a container that was created and
/// not yet started is on its way up, unless there is a newer one of its name or its pod is gone. The newest
/// of each name of a live pod stays whatever the limits say: the restart count, the back-off and whether it
/// is to run again are read from it. Containers without our labels are nobody's business. `terminated_too`:
/// those of kTerminated pods go entirely (disk pressure). Pure.
std::vector<cri::Container> containers_to_remove(const std::vector<cri::Container>& all, const PodFates& fate,
                                                 const ContainerGcPolicy& policy, WallTime now,
                                                 bool terminated_too = false);

/// Whether dead containers are left out of containers_to_remove only because they are younger than the
/// minimum age.
bool containers_wait_for_age(const std::vector<cri::Container>& all, const PodFates& fate,
                             const ContainerGcPolicy& policy, WallTime now);

/// Sandboxes that are not ready and have no container go; the newest of each pod stays unless the pod is
/// gone. Pure.
std::vector<cri::PodSandbox> sandboxes_to_remove(const std::vector<cri::PodSandbox>& sandboxes,
                                                 const std::vector<cri::Container>& containers,
                                                 const PodFates& fate);

/// Removes what is dead: containers with their logs, sandboxes, log directories, dangling links. Sleeps until
/// it is told that something died, or `period` after a pass that left something. A container or sandbox that
/// could not be removed is left out of passes for a growing time (Retry). Nothing is removed before
/// `sources_ready`. Part of edged; belongs to its thread.
class ContainerGc {
 public:
  struct Deps {
    cri::Runtime& runtime;
    BlockingPool& pool;  ///< for the file system
    boost::asio::any_io_executor executor;
    const Clock& clock;
    log::Logger log;
    std::filesystem::path pod_logs = "/var/log/pods", container_logs = "/var/log/containers";
    ContainerGcPolicy policy;
    /// Whether all pods of the node are known (protocol/05-edged.md §1.1).
    std::function<bool()> sources_ready;
    PodFates fate;
    /// Something of the pod was removed from the runtime. May be empty.
    std::function<void(const std::string& uid)> removed;
    std::chrono::milliseconds period = std::chrono::minutes(1);
  };
  explicit ContainerGc(Deps deps);

  /// Runs until cancelled; begins with a pass, for what the last life left behind. Only cancellation is
  /// thrown.
  boost::asio::awaitable<void> run();

  /// Something died: a container exited, a sandbox is not ready; or all pods are known now. A pass follows
  /// within `period` / 30. Cheap; may be called for each event.
  void something_died() { wakeup_.notify(); }

  /// One pass now (the eviction's way to get space, with `terminated_too`). True when nothing is left that a
  /// later pass would remove. Passes exclude one another: while one is going on this returns false at once.
  /// Throws CallError when the runtime cannot be listed; single objects that cannot be removed are logged and
  /// left to the next pass.
  boost::asio::awaitable<bool> collect(bool terminated_too = false);

  /// Removes all that the runtime has of a pod that was stopped and is not wanted any more, and its logs.
  /// One thing that cannot be removed does not keep the others. Throws Error when something is left.
  boost::asio::awaitable<void> remove_pod(std::string uid);

  /// Removes one dead container with its logs. Throws CallError; files that cannot be removed are logged.
  boost::asio::awaitable<void> remove_container(cri::ContainerStatus status);

 private:
  [[nodiscard]] bool waits(const std::string& id) const;
  /// A container or sandbox that could not be removed.
  void failed(const char* kind, const std::string& name, const std::string& id, const Error& error);
  /// Says what could not be removed from the disks; the same again ever more rarely.
  void complain(const std::vector<std::string>& failures);
  boost::asio::awaitable<void> remove_sandbox(std::string id);
  boost::asio::awaitable<bool> pass(bool terminated_too);
  boost::asio::awaitable<bool> remove_dead(std::vector<cri::Container>& rows, bool terminated_too);
  boost::asio::awaitable<bool> remove_sandboxes(const std::vector<cri::Container>& rows);
  boost::asio::awaitable<bool> remove_logs(const std::vector<cri::Container>& rows);
  boost::asio::awaitable<void> remove_row(cri::Container row);
  boost::asio::awaitable<void> remove_if_dead(cri::Container row);
  boost::asio::awaitable<void> remove_rows(std::vector<cri::Container> rows, std::string& failure);
  boost::asio::awaitable<void> remove_sandboxes_of(std::string uid, std::string& failure);
  boost::asio::awaitable<void> remove_logs_of(std::string uid);
  boost::asio::awaitable<void> remove_files(cri::ContainerStatus status);
  boost::asio::awaitable<bool> remove_found(DeadLogs found);
  void tell(const std::string& uid) const;

  Deps deps_;
  beehive::Wakeup wakeup_;
  log::Quiet complaints_;
  std::map<std::string, Retry> stuck_;                 ///< by id of the container or sandbox
  std::map<std::string, log::Quiet> disk_complaints_;  ///< by what was said
  bool collecting_ = false;
};

}  // namespace edgecore::edged
