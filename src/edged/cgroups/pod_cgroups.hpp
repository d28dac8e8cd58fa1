// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/cgroups/cgroup_files.hpp"
#include "edged/cgroups/cgroups.hpp"
#include "edged/host/turnstile.hpp"

namespace edgecore::edged {

/// The cgroups of the node's pods, for coroutines of the module's thread: each call of Cgroups runs on the
/// BlockingPool, one at a time. Where `prepare` could not make them there are none: the other calls do
/// nothing, and pods are limited by the cgroups of their containers alone. Owned by PodStack; its coroutines
/// have ended before it is destroyed.
class PodCgroups {
 public:
  /// What opens the hierarchies; a seam for tests.
  using Open = std::function<std::unique_ptr<CgroupFiles>()>;
  PodCgroups(
      BlockingPool& pool, boost::asio::any_io_executor executor, log::Logger log,
      Open open = [] { return kernel_cgroup_files(); });

  /// Once, before the first pod: makes the cgroups of the node and of the QoS classes. Failures are logged.
  boost::asio::awaitable<void> prepare(CgroupOptions options);

  /// Makes the pod's cgroup, or sets its limits anew. Throws Error.
  boost::asio::awaitable<void> ensure(kube::PodPtr pod);
  /// Kills what still runs in the pod's cgroup and removes it. Throws Error, also when something would not
  /// die.
  boost::asio::awaitable<void> remove(kube::PodPtr pod);
  /// Removes the cgroups of pods that went while this program was down, with what still runs in them; keeps
  /// those of pods in use. `in_use` is asked after the cgroups were listed: a pod that comes later gets its
  /// cgroup when this call is over. A pod in `held` has volumes that could not be removed, perhaps because
  /// something uses them: it keeps its cgroup, with as little cpu as there is. Throws Error when the cgroups
  /// cannot be listed.
  boost::asio::awaitable<void> remove_orphans(std::function<std::set<std::string>()> in_use,
                                              std::set<std::string> held);
  /// Sets the cpu shares of the burstable class after its pods; all active pods are given. Failures are
  /// logged: the next call tries again.
  boost::asio::awaitable<void> update_qos(std::vector<kube::PodPtr> active);

  /// CRI's `cgroup_parent` for a pod; "" when there are none.
  [[nodiscard]] std::string parent(const kube::Pod& pod) const;
  /// nullptr when there are none.
  [[nodiscard]] CgroupFiles* files() const;

 private:
  struct Hierarchy;

  BlockingPool& pool_;
  log::Logger log_;
  Open open_;
  Turnstile lock_;  ///< one call at a time
  std::shared_ptr<Hierarchy> hierarchy_;
};

}  // namespace edgecore::edged
