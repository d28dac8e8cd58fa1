// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cloudsim/kinds.hpp"
#include "edgecore/kube/status.hpp"

/// What an API server 1.28 refuses before it stores an object, as far as a node's programs can run into it.
/// Pure functions.
namespace edgecore::cloudsim {

/// The first member whose JSON type is not that of the kind, in Go's words; nullopt if there is none.
[[nodiscard]] std::optional<std::string> wrong_type(const ResourceKind& kind, const Json& object);

/// The first field that the kind does not have, as strict decoding refuses it; nullopt if there is none.
/// Knows ConfigMaps, and containers of pods.
[[nodiscard]] std::optional<std::string> unknown_field(const ResourceKind& kind, const Json& object);

/// The fields that may not change, or not like this; empty if the change is allowed. Both objects have
/// defaults.
[[nodiscard]] std::vector<kube::StatusCause> forbidden_changes(const ResourceKind& kind, const Json& before,
                                                               const Json& after);

/// Whether a replacement without a resourceVersion is accepted.
[[nodiscard]] bool allows_unconditional_update(const ResourceKind& kind);

/// Whether the kind is a custom resource: no strategic merge patches, no replacement without a version.
[[nodiscard]] bool is_custom(const ResourceKind& kind);

/// Whether an API server's own kind has the subresource `status`.
[[nodiscard]] bool builtin_has_status(const ResourceKind& kind);
/// Whether the kind has a subresource other than `status`.
[[nodiscard]] bool has_subresource(const ResourceKind& kind, std::string_view subresource);

}  // namespace edgecore::cloudsim
