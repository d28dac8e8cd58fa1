// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edgecore/net/url.hpp"

/// URLs and paths as text. Pure functions.
namespace edgecore::servicebus {

/// The shortest spelling of a path, as the cloud's router makes it (Go's path.Clean): one slash between
/// parts, no "." and "..", none at the end. It does the same with whole URLs: "http://a/b/" becomes
/// "http:/a/b".
[[nodiscard]] std::string clean_path(std::string_view path);

/// Path and query made fit for a request line: spaces and bytes that are not ASCII escaped. nullopt for
/// control characters.
[[nodiscard]] std::optional<std::string> escape_target(std::string_view text);

/// Where a Location leads, seen from `base` (RFC 3986 §5.2). nullopt for what cannot be understood, other
/// schemes than http and https among it.
[[nodiscard]] std::optional<net::Url> resolve(const net::Url& base, std::string_view location);

}  // namespace edgecore::servicebus
