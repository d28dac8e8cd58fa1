// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// Which object it is and how new (metadata.uid, resourceVersion, creationTimestamp).
struct Identity {
  std::string uid;                                ///< "" when it has none
  std::optional<std::uint64_t> resource_version;  ///< nullopt when absent or not a number
  std::optional<WallTime> created;
};
[[nodiscard]] Identity identity_of(const Json& object);
/// The same of an object's JSON text, found without parsing the whole of it. Empty for text that is not an
/// object.
[[nodiscard]] Identity identity_of_text(std::string_view object);

/// A resourceVersion as a number; nullopt for what is none of an API server (meta_v2 takes 63 bits).
[[nodiscard]] std::optional<std::uint64_t> parse_resource_version(std::string_view text);

/// True when `incoming` must not replace `stored`: the same uid with a lower resourceVersion, or an earlier
/// object of the same name (protocol/02-metamanager.md §10.6; deletes and re-creations may arrive in either
/// order, §7). Unknown versions or times are never older.
[[nodiscard]] bool is_older(const Identity& incoming, const Identity& stored);

}  // namespace edgecore::kube
