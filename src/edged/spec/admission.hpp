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

/// What admission looks at of this node.
struct AdmissionNode {
  Json node;  ///< the Node object, of the cloud or as we would register it
  std::string name;
  std::set<std::string> allowed_unsafe_sysctls = {};  ///< exact, or with a trailing `*`
  std::vector<std::string> pressures = {};            ///< "MemoryPressure", "DiskPressure", "PIDPressure"
  bool sidecars = true;  ///< v1.17 refused restartable init containers; newer API servers send them
  bool shutting_down = false;
};

/// Why the pod must not run beside `others` (the active pods, without this one); nullopt = it may. The pod's
/// phase becomes Failed with the reason, and "Pod was rejected: " before the message.
std::optional<Refusal> admit(const kube::Pod& pod, const std::vector<kube::PodPtr>& others,
                             const AdmissionNode& node);

/// What a pod asks for and this program does not bring; nullopt = nothing.
std::optional<Refusal> unsupported(const kube::Pod& pod);

/// `spec.nodeSelector` and required node affinity against a node's labels and name.
bool matches_node(const kube::Pod& pod, const kube::StringMap& labels, const std::string& node_name);

}  // namespace edgecore::edged
