// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cloudsim/cluster.hpp"

namespace edgecore::cloudsim {

/// Completes a new object like an API server of version 1.28 before it is stored: defaults, the default
/// service account and its projected token volume, priority and tolerations of pods, `stringData` of secrets,
/// phase of namespaces.
void admit_new(const Cluster& cluster, const ResourceKind& kind, Json& object);
/// Completes an object that replaces `before`.
void admit_update(const ResourceKind& kind, Json& object);

/// The suffix of generated names: five letters and digits.
std::string random_suffix();

}  // namespace edgecore::cloudsim
