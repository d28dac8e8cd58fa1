// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/feature_gates.hpp"

#include <array>

#include "edgecore/base/log.hpp"

namespace edgecore::config {
namespace {

/// Gates of later KubeEdge versions: a file for one of those must still load.
constexpr std::array<const char*, 2> kLaterGates{"disableNodeTaskV1alpha2", "DisableCSIVolumePlugin"};

}  // namespace

FeatureGates resolve_feature_gates(const GateMap& gates, Findings& findings) {
  FeatureGates resolved;
  // Both gates are alpha. AllAlpha sets those that the file does not name, except that only moduleRestart
  // itself can turn restarts off.
  if (const auto all = gates.find("AllAlpha"); all != gates.end())
    resolved.require_authorization = all->second;
  for (const auto& [name, enabled] : gates) {
    if (name == "requireAuthorization") {
      resolved.require_authorization = enabled;
    } else if (name == "moduleRestart") {
      resolved.module_restart = enabled;
    } else if (std::find(kLaterGates.begin(), kLaterGates.end(), name) != kLaterGates.end()) {
      findings.warnings.push_back(
          {"featureGates." + name, "belongs to a later version of KubeEdge and has no effect here"});
    } else if (name != "AllAlpha" && name != "AllBeta") {
      findings.errors.push_back(
          {"featureGates." + log::quote(name),
           "is not a known gate; known gates are requireAuthorization, moduleRestart, AllAlpha and "
           "AllBeta"});
    }
  }
  return resolved;
}

}  // namespace edgecore::config
