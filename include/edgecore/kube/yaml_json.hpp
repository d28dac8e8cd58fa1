// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// The first document of a YAML text as JSON, with the types that Kubernetes manifests rely on (YAML 1.1:
/// `yes` is a bool, 0644 an octal number; quoted text is text). Null for a text without a document. Throws
/// BadInput that names the line: not YAML, not UTF-8, above the limits (aliases count as often as they are
/// used), a duplicate key, a key that is not a scalar, an unknown tag.
Json yaml_to_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace edgecore::kube
