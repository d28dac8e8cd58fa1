// SPDX-License-Identifier: Apache-2.0
#include "edged/cgroups/pod_cgroups.hpp"

#include <utility>

#include "edgecore/async/on_pool.hpp"
#include "edgecore/base/error.hpp"
#include "edged/cgroups/systemd_slices.hpp"

namespace edgecore::edged {
namespace {

std::unique_ptr<SliceMaker> slices_of(const CgroupOptions& options, bool v2) {
  if (options.driver != CgroupOptions::Driver::kSystemd) return nullptr;
  SystemdOptions systemd;
  systemd.v2 = v2;
  return make_systemd_slices(std::move(systemd));
}

}  // namespace

/// Owns the files and slices that its Cgroups uses. Each call on the pool shares it, so a call that hangs
/// keeps them alive.
struct PodCgroups::Hierarchy {
  Hierarchy(CgroupOptions options, std::unique_ptr<CgroupFiles> opened)
      : files(std::move(opened)),
        slices(slices_of(options, files->v2())),
        cgroups(std::move(options), *files, slices.get()) {}
  std::unique_ptr<CgroupFiles> files;
  std::unique_ptr<SliceMaker> slices;  ///< null with the cgroupfs driver
  Cgroups cgroups;
};

PodCgroups::PodCgroups(BlockingPool& pool, log::Logger log, Open open)
    : pool_(pool), log_(std::move(log)), open_(std::move(open)) {}

boost::asio::awaitable<void> PodCgroups::prepare(CgroupOptions options) {
  try {
    hierarchy_ = std::make_shared<Hierarchy>(std::move(options), open_());
    auto work = [all = hierarchy_] { all->cgroups.ensure_node(); };
    co_await async::on_pool(pool_, std::move(work), async::kInTurn);
  } catch (const Error& error) {
    log_->error("cannot make the cgroups of all pods, which are not limited as a whole: {}", error.what());
  }
  if (hierarchy_ == nullptr) co_return;
  for (const std::string& controller : hierarchy_->cgroups.missing_controllers())
    log_->warn(
        "the kernel has no cgroup controller {0}, so pods' limits of it are not enforced; if it is switched "
        "off at "
        "boot, cgroup_enable={0} on the kernel's command line switches it on",
        controller);
}

boost::asio::awaitable<void> PodCgroups::ensure(kube::PodPtr pod) {
  if (hierarchy_ == nullptr) co_return;
  const async::Semaphore::Permit permit = co_await lock_.acquire();
  auto work = [all = hierarchy_, pod] { all->cgroups.ensure_pod(*pod); };
  co_await async::on_pool(pool_, std::move(work), async::kInTurn);
}

boost::asio::awaitable<void> PodCgroups::remove(kube::PodPtr pod) {
  if (hierarchy_ == nullptr) co_return;
  const async::Semaphore::Permit permit = co_await lock_.acquire();
  auto work = [all = hierarchy_, pod] { return all->cgroups.remove_pod(pod_cgroup(*pod)); };
  const bool removed = co_await async::on_pool(pool_, std::move(work), async::kInTurn);
  if (!removed) throw Error("processes in its cgroup would not die");
}

boost::asio::awaitable<void> PodCgroups::remove_orphans(std::function<std::set<std::string>()> in_use,
                                                        std::set<std::string> held) {
  if (hierarchy_ == nullptr) co_return;
  const async::Semaphore::Permit permit = co_await lock_.acquire();
  auto list = [all = hierarchy_] { return all->cgroups.list_pods(); };
  const auto listed = co_await async::on_pool(pool_, std::move(list), async::kInTurn);
  const std::set<std::string> used = in_use();
  for (const PodCgroup& pod : listed) {
    if (used.contains(pod.uid)) continue;
    const bool starve = held.contains(pod.uid);
    auto work = [all = hierarchy_, pod, starve] {
      if (starve) all->cgroups.starve_pod(pod);
      return starve || all->cgroups.remove_pod(pod);
    };
    const bool done = co_await async::on_pool(pool_, std::move(work), async::kInTurn);
    if (!done)
      log_->warn("processes in the cgroup of vanished pod {} do not end after SIGKILL; edged will try again",
                 pod.uid);
    else if (!starve)
      log_->info("removed the cgroup of vanished pod {}", pod.uid);
  }
}

boost::asio::awaitable<void> PodCgroups::update_qos(std::vector<kube::PodPtr> active) {
  if (hierarchy_ == nullptr) co_return;
  const async::Semaphore::Permit permit = co_await lock_.acquire();
  try {
    auto work = [all = hierarchy_, pods = std::move(active)] { all->cgroups.update_qos(pods); };
    co_await async::on_pool(pool_, std::move(work), async::kInTurn);
  } catch (const Error& error) {
    log_->debug("cannot set the cpu shares of the burstable class: {}", error.what());
  }
}

std::string PodCgroups::parent(const kube::Pod& pod) const {
  return hierarchy_ == nullptr ? std::string() : hierarchy_->cgroups.pod_parent(pod);
}

CgroupFiles* PodCgroups::files() const {
  return hierarchy_ == nullptr ? nullptr : hierarchy_->files.get();
}

}  // namespace edgecore::edged
