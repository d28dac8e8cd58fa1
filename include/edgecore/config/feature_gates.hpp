// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "edgecore/config/model.hpp"
#include "edgecore/config/validate.hpp"

namespace edgecore::config {

/// KubeEdge's own gates as they are in force (protocol/06-config-cli-tasks.md §1.14).
struct FeatureGates {
  bool require_authorization = false;
  /// Modules that fail are started again with back-off. On unless the file says `moduleRestart: false`: a
  /// deliberate difference from the Go agent (docs/configuration.md).
  bool module_restart = true;
  bool operator==(const FeatureGates&) const = default;
};

/// Resolves the file's `featureGates`. An unknown name is an error in `findings`; a gate that only later
/// versions know is a warning there.
FeatureGates resolve_feature_gates(const GateMap& gates, Findings& findings);

}  // namespace edgecore::config
