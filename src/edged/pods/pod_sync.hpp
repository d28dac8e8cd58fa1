// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/kube/json.hpp"
#include "edged/pods/pod_record.hpp"
#include "edged/pods/pod_services.hpp"
#include "edged/runtime/pod_runtime.hpp"

/// The three steps of a pod's life (protocol/05-edged.md §1.2). Each may be run any number of times and ends
/// where it finds nothing to do; what is passed outlives the call; all throw Error where they cannot go on,
/// to be tried again.
namespace edgecore::edged {

struct SyncOutcome {
  bool ended = false;               ///< the pod is over: go on to stopping it
  std::optional<SteadyTime> again;  ///< when to sync again; nullopt: with the next change or periodic sync
};

/// The pod needs the pod network, which the runtime reports as not ready.
class NetworkNotReady : public Error {
 public:
  using Error::Error;
};

/// Makes the runtime hold what the pod asks for, and reports. Throws NetworkNotReady before it starts
/// anything without a network.
boost::asio::awaitable<SyncOutcome> sync_pod(const PodServices& services, PodRecord& record);

/// Stops all of it within `record.grace` and reports how it ended.
boost::asio::awaitable<void> sync_terminating_pod(const PodServices& services, PodRecord& record);

/// Removes what the stopped pod had on the node, volumes and cgroup; then the API's object may go.
boost::asio::awaitable<void> sync_terminated_pod(const PodServices& services, PodRecord& record);

/// The pod's status as the runtime has it; `over`: nothing of it will run again.
Json status_of(const PodServices& services, const PodRecord& record, const PodRuntime& runtime, bool over);

}  // namespace edgecore::edged
