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

#include "edgecore/async/event.hpp"
#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edged/host/retry.hpp"
#include "edged/runtime/dead_logs.hpp"

namespace edgecore::edged {

/// What edged knows of the pod that owns something in the runtime or in the log directory.
enum class PodFate {
  kLive,        ///< wanted, being terminated or being removed: its worker is responsible
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

/// The dead containers to remove by these rules. Dead means not running. A container that was created and not
/// yet started does not count as dead, unless there is a newer one of its name or its pod is gone. The newest
/// of each name of a live pod always stays: its restart count, back-off and restart decision are read from
/// it. Containers without this agent's labels are left alone. `terminated_too`: removes all containers of
/// kTerminated pods (disk pressure). Pure.
std::vector<cri::Container> containers_to_remove(const std::vector<cri::Container>& all, const PodFates& fate,
                                                 const ContainerGcPolicy& policy, WallTime now,
                                                 bool terminated_too = false);

/// Whether containers_to_remove leaves out dead containers only because they are younger than the minimum
/// age.
bool containers_wait_for_age(const std::vector<cri::Container>& all, const PodFates& fate,
                             const ContainerGcPolicy& policy, WallTime now);

/// The sandboxes to remove: not ready and without containers; the newest of each pod stays unless the pod is
/// gone. Pure.
std::vector<cri::PodSandbox> sandboxes_to_remove(const std::vector<cri::PodSandbox>& sandboxes,
                                                 const std::vector<cri::Container>& containers,
                                                 const PodFates& fate);

/// Garbage collection of dead containers with their logs, of sandboxes, log directories and dangling links.
/// Sleeps until something died, or until `period` after a pass that left something. A container or sandbox
/// that cannot be removed is retried with back-off. Removes nothing before `sources_ready`. Part of edged;
/// belongs to its thread.
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

  /// Runs until cancelled; begins with a pass for leftovers of the last life. Throws only when cancelled.
  boost::asio::awaitable<void> run();

  /// Something died (a container exited, a sandbox is not ready), or all pods are known now. Starts a pass
  /// within `period` / 30. Cheap; may be called for each event.
  void something_died() { wakeup_.notify(); }

  /// One pass now (eviction frees space with it, with `terminated_too`). True if no later pass has anything
  /// to remove. Only one pass at a time: returns false at once while another one runs. Throws CallError if
  /// the runtime cannot be listed; objects that cannot be removed are logged and left to the next pass.
  boost::asio::awaitable<bool> collect(bool terminated_too = false);

  /// Removes everything the runtime has of a pod that was stopped and is not wanted any more, and its logs.
  /// Tries all of it, even if a part fails. Throws Error if something is left.
  boost::asio::awaitable<void> remove_pod(std::string uid);

  /// Removes one dead container with its logs. Throws CallError; files that cannot be removed are logged.
  boost::asio::awaitable<void> remove_container(cri::ContainerStatus status);

 private:
  [[nodiscard]] bool waits(const std::string& id) const;
  /// A container or sandbox that could not be removed.
  void failed(const char* kind, const std::string& name, const std::string& id, const Error& error);
  /// Logs files that cannot be removed; repeated complaints ever more rarely.
  void complain(const std::vector<std::string>& failures);
  boost::asio::awaitable<void> remove_sandbox(std::string id);
  boost::asio::awaitable<bool> pass(bool terminated_too);
  boost::asio::awaitable<bool> remove_dead(std::vector<cri::Container>& rows, bool terminated_too);
  boost::asio::awaitable<bool> remove_sandboxes(const std::vector<cri::Container>& rows);
  boost::asio::awaitable<bool> remove_logs(const std::vector<cri::Container>& rows);
  boost::asio::awaitable<void> remove_row(cri::Container row);
  boost::asio::awaitable<void> remove_if_dead(cri::Container row);
  boost::asio::awaitable<void> remove_rows(std::vector<cri::Container> rows, Outcome<void>& removed);
  boost::asio::awaitable<void> remove_sandboxes_of(std::string uid, Outcome<void>& removed);
  boost::asio::awaitable<void> remove_logs_of(std::string uid);
  boost::asio::awaitable<void> remove_files(cri::ContainerStatus status);
  boost::asio::awaitable<bool> remove_found(DeadLogs found);
  void tell(const std::string& uid) const;

  Deps deps_;
  async::Event wakeup_;
  log::Quiet complaints_;
  std::map<std::string, Retry> stuck_;                 ///< by id of the container or sandbox
  std::map<std::string, log::Quiet> disk_complaints_;  ///< by text of the complaint
  bool collecting_ = false;
};

}  // namespace edgecore::edged
