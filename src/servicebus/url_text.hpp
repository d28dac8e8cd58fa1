// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edgecore/net/url.hpp"

/// Functions on URLs and paths as text. Pure.
namespace edgecore::servicebus {

/// The shortest spelling of a path, as the cloud's router makes it (Go's path.Clean): single slashes, no "."
/// and "..", no trailing slash. It does the same with whole URLs: "http://a/b/" becomes "http:/a/b".
[[nodiscard]] std::string clean_path(std::string_view path);

/// Escapes a path and query for a request line: spaces and bytes that are not ASCII. nullopt for control
/// characters.
[[nodiscard]] std::optional<std::string> escape_target(std::string_view text);

/// The target of a Location header, relative to `base` (RFC 3986 §5.2). nullopt if it is malformed or has a
/// scheme other than http and https.
[[nodiscard]] std::optional<net::Url> resolve(const net::Url& base, std::string_view location);

}  // namespace edgecore::servicebus
