// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "edgecore/config/model.hpp"
#include "edgecore/config/validate.hpp"

namespace edgecore::config {

/// KubeEdge's own gates as resolved (protocol/06-config-cli-tasks.md §1.14).
struct FeatureGates {
  bool require_authorization = false;
  /// Restart failed modules with back-off. On unless the file says `moduleRestart: false`: a deliberate
  /// difference from the Go agent (docs/configuration.md).
  bool module_restart = true;
  bool operator==(const FeatureGates&) const = default;
};

/// Resolves the file's `featureGates`. Adds an error to `findings` for an unknown gate, a warning for a gate
/// of a later version.
FeatureGates resolve_feature_gates(const GateMap& gates, Findings& findings);

}  // namespace edgecore::config
