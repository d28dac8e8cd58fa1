// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// Limits for applying a patch; those of the API server, and one for copies of many small values.
struct PatchLimits {
  std::size_t max_operations = 10'000;
  std::size_t max_copied_bytes = std::size_t{3} << 20;
  std::size_t max_copied_values = 100'000;
  std::size_t max_depth = 128;
};

/// JSON Patch (RFC 6902): the document after all operations. Throws BadInput, naming the operation by its
/// index, for a malformed patch, a missing path, a failed `test` and a patch above the limits.
Json apply_json_patch(Json document, const Json& patch, const PatchLimits& limits = {});

/// JSON merge patch (RFC 7386): objects are merged, null removes, anything else replaces. Throws BadInput if
/// the patch or the result nests deeper than `limits`.
Json apply_merge_patch(Json document, const Json& patch, const PatchLimits& limits = {});

}  // namespace edgecore::kube
