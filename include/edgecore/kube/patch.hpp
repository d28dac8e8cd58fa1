// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// What applying a patch may cost; the API server's own bounds.
struct PatchLimits {
  std::size_t max_operations = 10'000;
  std::size_t max_copied_bytes = std::size_t{3} << 20;
  std::size_t max_depth = 128;
};

/// JSON Patch (RFC 6902): the document after all operations. Throws BadInput, naming the operation by its
/// index, for a malformed patch, a path that is not there, a failed `test` and beyond `limits`; the caller's
/// document is untouched.
Json apply_json_patch(Json document, const Json& patch, const PatchLimits& limits = {});

/// JSON merge patch (RFC 7386): objects are merged, null removes, anything else replaces. Throws BadInput
/// when the patch or the result nests deeper than `limits`.
Json apply_merge_patch(Json document, const Json& patch, const PatchLimits& limits = {});

}  // namespace edgecore::kube
