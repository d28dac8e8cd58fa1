// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "edgecore/async/semaphore.hpp"
#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/cgroups/cgroup_files.hpp"
#include "edged/cgroups/cgroups.hpp"

namespace edgecore::edged {

/// The cgroups of the node's pods, for coroutines of the module's thread: each call of Cgroups runs on the
/// BlockingPool, one at a time. If `prepare` fails there are no pod cgroups: the other calls do nothing, and
/// pods are limited only by their containers' cgroups. Owned by PodStack; its coroutines have ended before it
/// is destroyed.
class PodCgroups {
 public:
  /// Opens the hierarchies; a seam for tests.
  using Open = std::function<std::unique_ptr<CgroupFiles>()>;
  PodCgroups(
      BlockingPool& pool, log::Logger log, Open open = [] { return kernel_cgroup_files(); });

  /// Once, before the first pod: makes the cgroups of the node and of the QoS classes. Failures are logged.
  boost::asio::awaitable<void> prepare(CgroupOptions options);

  /// Makes the pod's cgroup, or updates its limits. Throws Error.
  boost::asio::awaitable<void> ensure(kube::PodPtr pod);
  /// Kills the processes of the pod's cgroup and removes it. Throws Error, also if a process would not die.
  boost::asio::awaitable<void> remove(kube::PodPtr pod);
  /// Removes the cgroups of pods that vanished while this program was down, and kills their processes; keeps
  /// those of pods in use. `in_use` is called after the cgroups were listed; a pod that arrives later gets
  /// its cgroup after this call. A pod in `held` has volumes that could not be removed, perhaps because they
  /// are in use: it keeps its cgroup, with the least cpu possible. Throws Error if the cgroups cannot be
  /// listed.
  boost::asio::awaitable<void> remove_orphans(std::function<std::set<std::string>()> in_use,
                                              std::set<std::string> held);
  /// Sets the cpu shares of the burstable class from its pods (`active`: all active pods). Failures are
  /// logged; the next call tries again.
  boost::asio::awaitable<void> update_qos(std::vector<kube::PodPtr> active);

  /// CRI's `cgroup_parent` for a pod; "" without pod cgroups.
  [[nodiscard]] std::string parent(const kube::Pod& pod) const;
  /// nullptr without pod cgroups.
  [[nodiscard]] CgroupFiles* files() const;

 private:
  struct Hierarchy;

  BlockingPool& pool_;
  log::Logger log_;
  Open open_;
  async::Semaphore lock_{1};  ///< one call at a time
  std::shared_ptr<Hierarchy> hierarchy_;
};

}  // namespace edgecore::edged
