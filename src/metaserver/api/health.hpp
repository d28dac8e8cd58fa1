// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/metaserver/metaserver.hpp"
#include "edgecore/net/url.hpp"

namespace edgecore::metaserver {

/// True for /healthz, /livez, /readyz and what is below them.
[[nodiscard]] bool is_health_path(std::string_view path);

/// An answer in the API server's words.
struct HealthAnswer {
  int status = 200;
  std::string text;
};

/// The answer to such a path, with its queries `verbose` and `exclude`; nullopt for a check that does not
/// exist. All have the check `ping`, /readyz also `module/NAME` for each of `modules`: the node is ready when
/// all that is enabled runs, but alive without. It does not depend on the cloud: offline is normal.
[[nodiscard]] std::optional<HealthAnswer> health_answer(const net::Target& target,
                                                        const std::vector<ModuleHealth>& modules);

}  // namespace edgecore::metaserver
