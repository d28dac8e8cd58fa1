// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "edgecore/kube/json.hpp"

namespace edgecore::cloudsim {

/// The API server's /version document; clients expect every member.
Json version_document();

/// The documents that a client reads before its first request: /api, /apis, /apis/<group>, a group-version's
/// resources, /version. nullopt for any other path.
std::optional<Json> discovery(const std::string& path);

}  // namespace edgecore::cloudsim
