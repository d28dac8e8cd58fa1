// SPDX-License-Identifier: Apache-2.0
#include "servicebus/url_text.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "edgecore/base/error.hpp"

namespace edgecore::servicebus {
namespace {

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// Removes "." and ".." from an absolute path (RFC 3986 §5.2.4); keeps empty elements.
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

}  // namespace

std::string clean_path(std::string_view path) {
  std::string clean = std::filesystem::path(path).lexically_normal().string();
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean.empty() ? "." : clean;
}

std::optional<std::string> escape_target(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return std::nullopt;
    if (byte == ' ' || byte >= 0x80) {
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<net::Url> resolve(const net::Url& base, std::string_view location) {
  const auto escaped = escape_target(location.substr(0, std::min(location.find('#'), location.size())));
  if (!escaped) return std::nullopt;
  const std::string& text = *escaped;
  try {
    if (has_scheme(text) || text.starts_with("//")) {
      net::Url url = net::Url::parse(text.starts_with("//") ? base.scheme + ":" + text : text);
      if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
      return url;
    }
  } catch (const BadInput&) {
    return std::nullopt;
  }
  net::Url url = base;
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

}  // namespace edgecore::servicebus
