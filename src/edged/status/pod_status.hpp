// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/runtime/pod_runtime.hpp"
#include "edged/spec/refusal.hpp"

/// Makes a pod's status from what the runtime reports (protocol/05-edged.md §1.11). Pure functions; statuses
/// are JSON as in the API, without null members.
namespace edgecore::edged {

struct Readiness {
  bool started = true, ready = true;
};

struct PodStatusInput {
  const kube::Pod& pod;
  const PodRuntime& runtime;
  const Json& old_status;  ///< the last known one; null if there is none
  /// By container name: why its last start failed.
  std::map<std::string, Refusal> failures = {};
  /// By container id. A container without an entry is ready unless it has a probe that says otherwise.
  std::map<std::string, Readiness> readiness = {};
  std::string host_ip;
  bool prefer_ipv6 = false;
  std::string runtime_name = "containerd";
  bool is_terminal = false;  ///< nothing of the pod will run again
  /// The pod failed as a whole: eviction, deadline, refused at admission.
  std::optional<Refusal> failed = std::nullopt;
  WallTime now;
};

Json make_pod_status(const PodStatusInput& input);

/// The addresses of the newest ready sandbox, or the host's; at most one per family, the preferred family
/// first.
std::vector<std::string> pod_ips(const kube::Pod& pod, const PodRuntime& runtime, const std::string& host_ip,
                                 bool prefer_ipv6);

/// False if a container that has ended for good runs or waits again in `new_status`: do not send it.
bool is_allowed_transition(const kube::Pod& pod, const Json& old_status, const Json& new_status);

/// Set if activeDeadlineSeconds have passed: the pod then fails with this reason.
std::optional<Refusal> past_deadline(const kube::Pod& pod, const Json& status, WallTime now);

/// Cuts the messages of terminated containers, to keep the status within the API's size limit.
void truncate_messages(Json& status);

}  // namespace edgecore::edged
