// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/kube/json.hpp"
#include "edged/pods/pod_record.hpp"
#include "edged/pods/pod_services.hpp"
#include "edged/runtime/pod_runtime.hpp"

/// The three steps of a pod's life (protocol/05-edged.md §1.2). Each is idempotent: it does what is missing
/// and may be repeated. The references outlive the call. All throw Error if they cannot go on; try again.
namespace edgecore::edged {

struct SyncOutcome {
  bool ended = false;               ///< the pod is over: stop it next
  std::optional<SteadyTime> again;  ///< when to sync again; nullopt: at the next change or periodic sync
};

/// The pod needs the pod network, which the runtime reports as not ready.
class NetworkNotReady : public Error {
 public:
  using Error::Error;
};

/// Brings the runtime to what the pod asks for, and reports. Throws NetworkNotReady before it starts
/// anything, if the pod needs the pod network.
boost::asio::awaitable<SyncOutcome> sync_pod(const PodServices& services, PodRecord& record);

/// Stops the pod within `record.grace`; reports it at each notification of `changed`, and how it ended.
boost::asio::awaitable<void> sync_terminating_pod(const PodServices& services, PodRecord& record,
                                                  async::Event& changed);

/// Removes the stopped pod's volumes and cgroup; then the API's object may go.
boost::asio::awaitable<void> sync_terminated_pod(const PodServices& services, PodRecord& record);

/// The pod's status by `runtime`. `over`: nothing of it will run again.
Json status_of(const PodServices& services, const PodRecord& record, const PodRuntime& runtime, bool over);

}  // namespace edgecore::edged
