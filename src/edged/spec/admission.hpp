// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/spec/refusal.hpp"

/// Whether this node runs a pod (protocol/05-edged.md §1.3). Pure functions.
namespace edgecore::edged {

/// The node as admission sees it.
struct AdmissionNode {
  Json node;  ///< the Node object: the cloud's, or as this node would register
  std::string name;
  std::set<std::string> allowed_unsafe_sysctls = {};  ///< exact, or with a trailing `*`
  std::vector<std::string> pressures = {};            ///< "MemoryPressure", "DiskPressure", "PIDPressure"
};

/// Why the pod must not run beside `others` (the active pods, without this one); nullopt = it may. The caller
/// sets the pod's phase to Failed with this reason, and with "Pod was rejected: " before the message.
std::optional<Refusal> admit(const kube::Pod& pod, const std::vector<kube::PodPtr>& others,
                             const AdmissionNode& node);

/// Why this agent cannot run the pod; nullopt = it can.
std::optional<Refusal> unsupported(const kube::Pod& pod);

/// `spec.nodeSelector` and required node affinity against a node's labels and name.
bool matches_node(const kube::Pod& pod, const kube::StringMap& labels, const std::string& node_name);

}  // namespace edgecore::edged
