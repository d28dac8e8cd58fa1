// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "edged/pods/pod_services.hpp"

/// The three steps of a pod's life (protocol/05-edged.md §1.2). Each may be run any number of times and ends
/// where it finds nothing to do; what is passed outlives the call; all throw Error where they cannot go on,
/// to be tried again.
namespace edgecore::edged {

struct SyncOutcome {
  bool ended = false;               ///< the pod is over: go on to stopping it
  std::optional<SteadyTime> again;  ///< when there is something to try again; else on the next occasion
};

/// Makes the runtime hold what the pod asks for, and reports.
boost::asio::awaitable<SyncOutcome> sync_pod(PodServices& services, PodRecord& record);

/// Stops all of it within `record.grace` and reports how it ended.
boost::asio::awaitable<void> sync_terminating_pod(PodServices& services, PodRecord& record);

/// Takes away what the stopped pod had on the node: volumes and cgroup. Then its object may go.
boost::asio::awaitable<void> sync_terminated_pod(PodServices& services, PodRecord& record);

/// The pod's status by what the runtime has; `over`: nothing of it will run again.
Json status_of(const PodServices& services, const PodRecord& record, const PodRuntime& runtime, bool over);

}  // namespace edgecore::edged
