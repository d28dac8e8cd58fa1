// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "edgecore/kube/json.hpp"

/// Changes of a Device's desired values, the one part of a device that the node may decide on without the
/// cloud. Pure functions.
namespace edgecore::metaserver {

/// `device` after a patch of this content type: JSON merge patch or JSON patch, as the API server takes them
/// for custom resources. Throws ApiError: 400 for a patch that is none, 415 for another type, 503 for a
/// server-side apply, which only the API server can evaluate.
[[nodiscard]] Json patched(const Json& device, std::string_view content_type, std::string_view patch);

/// What makes `before` into `after` as JSON patch operations: [] when they are equal, nullopt when anything
/// but `spec.properties[*].desired` differs. Each operation is behind a test of the property's name and all
/// behind one of the device's uid: where the cloud's device has changed its shape meanwhile the API server
/// refuses all of it, and what else changed in the cloud stays as it is there.
[[nodiscard]] std::optional<Json> desired_patch(const Json& before, const Json& after);

}  // namespace edgecore::metaserver
