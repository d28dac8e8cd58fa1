// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "edgecore/kube/json.hpp"

/// Changes of a Device's desired values, which the node may accept without the cloud. Pure functions.
namespace edgecore::metaserver {

/// `device` after a patch of this content type: JSON merge patch or JSON patch, as the API server takes them
/// for custom resources. Throws ApiError: 400 for a malformed patch, 415 for another type, 503 for a
/// server-side apply, which only the API server can evaluate.
[[nodiscard]] Json patched(const Json& device, std::string_view content_type, std::string_view patch);

/// The JSON patch from `before` to `after`: [] if they are equal, nullopt if anything but
/// `spec.properties[*].desired` differs. It tests the uid of the device, and before each operation the name
/// of the property: if the properties were rearranged in the cloud meanwhile, the API server refuses the
/// patch. Other changes in the cloud are kept.
[[nodiscard]] std::optional<Json> desired_patch(const Json& before, const Json& after);

}  // namespace edgecore::metaserver
