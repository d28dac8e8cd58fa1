// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// Identity and age of an object (metadata.uid, resourceVersion, creationTimestamp).
struct Identity {
  std::string uid;                                ///< "" when it has none
  std::optional<std::uint64_t> resource_version;  ///< nullopt when absent or not a number
  std::optional<WallTime> created;
};
[[nodiscard]] Identity identity_of(const Json& object);
/// Identity of an object given as JSON text, without parsing all of it. Empty for text that is not an object.
[[nodiscard]] Identity identity_of_text(std::string_view object);

/// A resourceVersion as a number; nullopt if it is not a number of at most 63 bits, which is what meta_v2
/// stores.
[[nodiscard]] std::optional<std::uint64_t> parse_resource_version(std::string_view text);

/// True when `incoming` must not replace `stored`: the same uid with a lower resourceVersion, or an earlier
/// object of the same name (protocol/02-metamanager.md §10.6; deletes and re-creations may arrive in either
/// order, §7). An object with an unknown version or time is never older.
[[nodiscard]] bool is_older(const Identity& incoming, const Identity& stored);

}  // namespace edgecore::kube
