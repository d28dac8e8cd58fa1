// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgecore::net {

/// An absolute URL of the schemes http, https, ws and wss, taken apart.
struct Url {
  std::string scheme;  ///< lower case
  std::string host;    ///< without brackets for IPv6
  std::uint16_t port = 0;
  std::string target;  ///< path and query, never empty, begins with '/'

  /// Throws BadInput: other scheme, no host, bad port, user info, white space or control characters.
  static Url parse(std::string_view text);
  [[nodiscard]] bool tls() const { return scheme == "https" || scheme == "wss"; }
  /// host[:port] as the Host header has it: default ports are left out, IPv6 has brackets.
  [[nodiscard]] std::string authority() const;
};

/// True for an IPv4 or IPv6 literal (no brackets).
bool is_ip_literal(std::string_view host);

/// %XX decoded; nullopt for a malformed escape. '+' stays as it is.
std::optional<std::string> percent_decode(std::string_view text);
/// Everything but unreserved characters (RFC 3986) escaped.
std::string percent_encode(std::string_view text);

/// Path and query made fit for a request line: spaces and bytes that are not ASCII escaped. nullopt for
/// control characters.
std::optional<std::string> escape_target(std::string_view text);

/// Where the Location of a redirect leads, seen from `base` (RFC 3986 §5.2): "/x", "x", "../x", "?x",
/// "//host/x" or a whole URL. nullopt for what cannot be understood, other schemes than http and https among
/// it.
std::optional<Url> resolve_location(const Url& base, std::string_view location);

/// "path?a=b&c" taken apart. Throws BadInput for a malformed escape in the query; the path is left as sent.
struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded ('+' is a space), in order

  static Target parse(std::string_view target);
  /// First value of `key`; nullopt if it is missing.
  [[nodiscard]] std::optional<std::string> find(std::string_view key) const;
};

}  // namespace edgecore::net
