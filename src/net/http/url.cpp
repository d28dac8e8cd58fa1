// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore::net {
namespace {

struct Scheme {
  std::string_view name;
  std::uint16_t port;
};
constexpr std::array<Scheme, 4> kSchemes{{{"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}}};

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

[[noreturn]] void refuse(std::string_view url, std::string_view why) {
  throw BadInput("The URL \"" + log::quote_url(url) + "\" " + std::string(why) + ".");
}

std::uint16_t parse_port(std::string_view url, std::string_view digits) {
  const auto port = to_number<std::uint16_t>(digits);
  if (!port || *port == 0) refuse(url, "has no valid port");
  return *port;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Splits at the first `mark`; without one the second part is empty. Does not use find(): with it g++ 12
/// warns at -O2 of a view larger than memory.
std::pair<std::string_view, std::string_view> split(std::string_view text, char mark) {
  const auto* const at = std::find(text.begin(), text.end(), mark);
  const auto before = static_cast<std::size_t>(at - text.begin());
  return {text.substr(0, before), text.substr(std::min(before + 1, text.size()))};
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// An absolute path without "." and ".." (RFC 3986 §5.2.4); empty parts stay.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto parts = parts_of(path.substr(1));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool dots = parts[i] == "." || parts[i] == "..";
    if (!dots) kept.push_back(parts[i]);
    if (parts[i] == ".." && !kept.empty()) kept.pop_back();
    if (dots && i + 1 == parts.size()) kept.push_back("");
  }
  std::string out;
  for (const std::string_view part : kept) out.append("/").append(part);
  return out.empty() ? "/" : out;
}

bool has_scheme(std::string_view text) {
  const std::size_t end = text.find_first_of(":/?#");
  return end != std::string_view::npos && end > 0 && text[end] == ':';
}

std::string query_part(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  auto decoded = percent_decode(spaced);
  if (!decoded) throw BadInput("The query holds a malformed % escape.");
  return *std::move(decoded);
}

}  // namespace

Url Url::parse(std::string_view text) {
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; }))
    refuse(text, "holds white space or control characters");
  const auto separator = text.find("://");
  if (separator == std::string_view::npos) refuse(text, "has no scheme");
  Url url;
  url.scheme = lower_case(text.substr(0, separator));
  const auto* scheme = std::find_if(kSchemes.begin(), kSchemes.end(),
                                    [&url](const Scheme& s) { return s.name == url.scheme; });
  if (scheme == kSchemes.end()) refuse(text, "has a scheme other than http, https, ws and wss");
  url.port = scheme->port;

  std::string_view rest = text.substr(separator + 3);
  const auto authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  rest.remove_prefix(authority_end);
  if (authority.find('@') != std::string_view::npos) refuse(text, "holds user info, which is not supported");
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) refuse(text, "has an IPv6 address without a closing bracket");
    url.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    if (!is_ip_literal(url.host)) refuse(text, "has no IPv6 address in its brackets");
    if (!authority.empty() && !authority.starts_with(':'))
      refuse(text, "has extra characters after its IPv6 address");
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    authority.remove_prefix(colon);
  }
  if (url.host.empty()) refuse(text, "has no host");
  if (!authority.empty()) url.port = parse_port(text, authority.substr(1));
  url.target = rest.substr(0, rest.find('#'));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::string Url::authority() const {
  std::string out = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  if (port != (tls() ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

bool is_ip_literal(std::string_view host) {
  const std::string text(host);
  in6_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kMarks = "-._~";
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || kMarks.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHexDigits[byte >> 4U], kHexDigits[byte & 0xFU]};
    }
  }
  return out;
}

std::optional<std::string> escape_target(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return std::nullopt;
    if (byte == ' ' || byte >= 0x80) {
      out += {'%', kHexDigits[byte >> 4U], kHexDigits[byte & 0xFU]};
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<Url> resolve_location(const Url& base, std::string_view location) {
  const auto escaped = escape_target(location.substr(0, std::min(location.find('#'), location.size())));
  if (!escaped) return std::nullopt;
  const std::string& text = *escaped;
  try {
    if (has_scheme(text) || text.starts_with("//")) {
      Url url = Url::parse(text.starts_with("//") ? base.scheme + ":" + text : text);
      if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
      return url;
    }
  } catch (const BadInput&) {
    return std::nullopt;
  }
  Url url = base;
  const std::string base_path = base.target.substr(0, base.target.find('?'));
  const std::size_t query = std::min(text.find('?'), text.size());
  const std::string path = text.substr(0, query);
  if (path.empty()) {
    url.target = text.empty() ? base.target : base_path + text;
  } else if (path.starts_with('/')) {
    url.target = without_dots(path) + text.substr(query);
  } else {
    url.target = without_dots(base_path.substr(0, base_path.rfind('/') + 1) + path) + text.substr(query);
  }
  return url;
}

Target Target::parse(std::string_view target) {
  Target out;
  auto [path, rest] = split(target, '?');
  out.path = path;
  while (!rest.empty()) {
    const auto [pair, more] = split(rest, '&');
    rest = more;
    if (pair.empty()) continue;
    const auto [key, value] = split(pair, '=');
    out.query.emplace_back(query_part(key), query_part(value));
  }
  return out;
}

std::optional<std::string> Target::find(std::string_view key) const {
  for (const auto& [name, value] : query)
    if (name == key) return value;
  return std::nullopt;
}

}  // namespace edgecore::net
