// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "edgecore/config/feature_gates.hpp"
#include "edgecore/config/validate.hpp"

namespace edgecore::config {

/// Warnings for keys that differ from their defaults and have no effect in this version (Effect in
/// fields.hpp), and for keys that another key makes ineffective. They name no values.
std::vector<Violation> keys_without_effect(const EdgeCoreConfig& config);

/// Warnings for keys of MetaServer that need the gate requireAuthorization, and for the gate without
/// MetaServer.
std::vector<Violation> keys_without_authorization(const MetaManager& meta_manager, const FeatureGates& gates);

}  // namespace edgecore::config
