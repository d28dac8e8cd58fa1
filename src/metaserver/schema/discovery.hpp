// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/api_resources.hpp"
#include "edgecore/kube/json.hpp"
#include "metaserver/http/representation.hpp"

namespace edgecore::metaserver {

/// Whether the node is connected, and how old its data are.
struct Freshness {
  bool offline = false;
  std::optional<WallTime> as_of;  ///< when the definitions were last up to date
};

/// True for the paths of discovery: /api, /apis, /api/<version>, /apis/<group>, /apis/<group>/<version>, also
/// with a slash at their end.
bool is_discovery_path(std::string_view path);

/// The representations of such a path.
Offer discovery_offer(std::string_view path);

/// The document of such a path: all that the server serves, and nothing else (protocol/03-metaserver.md
/// §6.2). It depends on nothing but the arguments, so that the caller may keep it until
/// `resources.revision()` or the freshness changes. `server_address` is where pods reach the server
/// ("169.254.30.10:10550"). The freshness is in `metadata.annotations`, which clients ignore. Throws ApiError
/// (404) for a group or version that is not served.
Json discovery_document(const kube::ApiResources& resources, std::string_view path,
                        const Representation& wanted, const Freshness& freshness,
                        std::string_view server_address);

}  // namespace edgecore::metaserver
