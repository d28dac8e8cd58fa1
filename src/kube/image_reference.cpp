// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/image_reference.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <optional>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::kube {
namespace {

constexpr std::size_t kMaxName = 255;  // registry and repository together
constexpr std::size_t kMaxTag = 128;

constexpr bool is_lower_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

[[noreturn]] void refuse_reference(std::string_view text, std::string_view why) {
  throw BadInput(fmt::format("\"{}\" is not a valid image reference: {}", text.substr(0, 300), why));
}

/// Calls `check` on each piece between separators; false as soon as one piece fails.
template <typename Check>
bool every_piece(std::string_view text, char separator, Check check) {
  for (;;) {
    const auto end = text.find(separator);
    if (!check(text.substr(0, end))) return false;
    if (end == text.npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_registry_host(std::string_view host) {
  if (host.starts_with('[')) {  // an IPv6 address
    const auto hex = [](char c) { return is_lower_hex(c) || (c >= 'A' && c <= 'F') || c == ':'; };
    return host.size() > 2 && host.ends_with(']') && std::all_of(host.begin() + 1, host.end() - 1, hex);
  }
  return every_piece(host, '.', [](std::string_view label) {
    return !label.empty() && is_alnum(label.front()) && is_alnum(label.back()) &&
           std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; });
  });
}

bool is_registry(std::string_view registry) {
  const auto bracket = registry.rfind(']');
  const auto colon = registry.find(':', bracket == registry.npos ? 0 : bracket);
  if (colon == registry.npos) return is_registry_host(registry);
  const std::string_view port = registry.substr(colon + 1);
  return !port.empty() && std::all_of(port.begin(), port.end(), is_digit) &&
         is_registry_host(registry.substr(0, colon));
}

/// Lower-case letters and digits in runs, joined by ".", "_", "__" or any number of "-".
bool is_path_component(std::string_view part) {
  const auto in_run = [](char c) { return is_lower(c) || is_digit(c); };
  if (part.empty() || !in_run(part.front()) || !in_run(part.back())) return false;
  for (std::size_t at = 0; at < part.size();) {
    if (in_run(part[at])) {
      ++at;
      continue;
    }
    const auto end = std::find_if(part.begin() + static_cast<std::ptrdiff_t>(at), part.end(), in_run);
    const std::string_view joint = part.substr(at, static_cast<std::size_t>(end - part.begin()) - at);
    if (joint != "." && joint != "_" && joint != "__" && joint.find_first_not_of('-') != joint.npos)
      return false;
    at += joint.size();
  }
  return true;
}

bool is_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= kMaxTag && (is_alnum(tag.front()) || tag.front() == '_') &&
         std::all_of(tag.begin(), tag.end(),
                     [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_digest(std::string_view digest) {
  const auto colon = digest.find(':');
  if (colon == digest.npos) return false;
  const std::string_view algorithm = digest.substr(0, colon);
  const std::string_view hex = digest.substr(colon + 1);
  const std::size_t wanted = algorithm == "sha256"   ? 64
                             : algorithm == "sha384" ? 96
                             : algorithm == "sha512" ? 128
                                                     : 0;
  return wanted != 0 && hex.size() == wanted && std::all_of(hex.begin(), hex.end(), is_lower_hex);
}

/// The first segment is a registry if it cannot be a repository: it has a dot, a port or capitals, or is
/// "localhost".
bool names_registry(std::string_view segment) {
  return segment.find_first_of(".:") != segment.npos || segment == "localhost" ||
         std::any_of(segment.begin(), segment.end(), is_upper);
}

void split_name(std::string_view text, std::string_view name, ImageReference& out) {
  const auto slash = name.find('/');
  if (slash != name.npos && names_registry(name.substr(0, slash))) {
    out.registry = name.substr(0, slash);
    out.repository = name.substr(slash + 1);
  } else {
    out.registry = "docker.io";
    out.repository = name;
  }
  if (!is_registry(out.registry)) refuse_reference(text, "the registry is not a host with an optional port");
  if (out.registry == "index.docker.io") out.registry = "docker.io";
  if (out.registry == "docker.io" && out.repository.find('/') == std::string::npos) {
    out.repository.insert(0, "library/");
  }
  if (std::any_of(out.repository.begin(), out.repository.end(), is_upper)) {
    refuse_reference(text, "the repository must be lower case");
  }
  if (!every_piece(out.repository, '/', is_path_component)) {
    refuse_reference(
        text, "the repository must be lower-case letters and digits, joined by '.', '_', '__', '-' or '/'");
  }
  if (out.registry.size() + 1 + out.repository.size() > kMaxName)
    refuse_reference(text, "the name is longer than 255 characters");
}

}  // namespace

ImageReference parse_image_reference(std::string_view text) {
  if (text.empty()) refuse_reference(text, "it is empty");
  if (text.size() == 64 && std::all_of(text.begin(), text.end(), is_lower_hex)) {
    refuse_reference(text, "64 hexadecimal digits are an image id, not a name");
  }
  ImageReference out;
  std::string_view name = text;
  if (const auto at = name.find('@'); at != name.npos) {
    out.digest = name.substr(at + 1);
    name = name.substr(0, at);
    if (!is_digest(out.digest))
      refuse_reference(text, "the digest must be sha256, sha384 or sha512 with all its hexadecimal digits");
  }
  // A colon before the last slash belongs to the registry's port.
  const auto colon = name.rfind(':');
  const auto slash = name.rfind('/');
  if (colon != name.npos && (slash == name.npos || colon > slash)) {
    out.tag = name.substr(colon + 1);
    name = name.substr(0, colon);
    if (!is_tag(out.tag))
      refuse_reference(text, "the tag must be at most 128 of letters, digits, '_', '.', '-'");
  }
  split_name(text, name, out);
  out.as_given = text;
  if (out.tag.empty() && out.digest.empty()) {
    out.tag = "latest";
    out.as_given += ":latest";
  }
  return out;
}

std::string ImageReference::canonical() const {
  std::string out = registry + "/" + repository;
  if (!tag.empty()) out += ":" + tag;
  if (!digest.empty()) out += "@" + digest;
  return out;
}

std::string_view ImageReference::default_pull_policy() const {
  return tag == "latest" ? "Always" : "IfNotPresent";
}

}  // namespace edgecore::kube
