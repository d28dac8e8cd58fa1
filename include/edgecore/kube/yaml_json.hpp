// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// The first document of a YAML text as JSON, with the meanings Kubernetes manifests rely on (YAML 1.1: `yes`
/// is a bool, 0644 an octal number; quoted text is text). Null for a text without a document. Throws BadInput
/// with a sentence that names the line: not YAML, not UTF-8, deeper or (aliases written out) larger than the
/// limits, a key that is given twice or is no scalar, an unknown tag.
Json yaml_to_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace edgecore::kube
