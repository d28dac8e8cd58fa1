#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "edged/pod_services.hpp"

/// Records of containers and sandboxes that ended, and their logs (protocol/05-edged.md §1.14).
namespace edgecore::edged {

/// What to remove of one pod that is still wanted.
struct Garbage {
  std::vector<cri::ContainerStatus> containers;
  std::vector<std::string> sandboxes;
};

struct GarbagePolicy {
  std::int64_t keep_per_container = 1;  ///< ended records of each name to keep; below 0: all
  std::chrono::nanoseconds minimum_age{0};
};

/// Ended containers beyond those to keep, and sandboxes that are not ready, hold no container and are not the
/// newest. Pure.
Garbage pod_garbage(const PodRuntime& runtime, const GarbagePolicy& policy, WallTime now);

/// Removes an ended container with its log files and link. Throws CallError.
boost::asio::awaitable<void> remove_container(PodServices& services, kube::PodPtr pod,
                                              cri::ContainerStatus container);

/// Removes what the runtime has of a pod that is gone, and its log directory. Throws CallError.
boost::asio::awaitable<void> remove_from_runtime(PodServices& services, kube::PodPtr pod);

/// Removes what is too much of a pod that is still wanted. Throws CallError.
boost::asio::awaitable<void> collect_garbage(PodServices& services, kube::PodPtr pod);

}  // namespace edgecore::edged
