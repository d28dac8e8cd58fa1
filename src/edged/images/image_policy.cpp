// SPDX-License-Identifier: Apache-2.0
#include "edged/images/image_policy.hpp"

#include <fnmatch.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/image_reference.hpp"
#include "edgecore/net/digest.hpp"
#include "edged/spec/environment.hpp"

namespace edgecore::edged {
namespace {

/// The parts of a registry's address "host[:port][/path]".
struct Address {
  std::string host, port, path;
};

Address take_apart(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
  }
  Address out;
  const auto slash = text.find('/');
  if (slash != text.npos) out.path = text.substr(slash);
  const auto host = text.substr(0, slash);
  const auto colon = host.rfind(':');
  out.host = host.substr(0, colon);
  if (colon != host.npos) out.port = host.substr(colon + 1);
  return out;
}

/// The key of an auths entry, which may be the URL of the registry's API.
std::string entry_key(std::string_view text) {
  Address address = take_apart(text);
  for (const std::string_view version : {"/v1", "/v2"}) {
    if (address.path == version || address.path.starts_with(std::string(version) + "/")) {
      address.path.erase(0, version.size());
    }
  }
  if (address.path == "/") address.path.clear();
  return address.host + (address.port.empty() ? "" : ":" + address.port) + address.path;
}

std::vector<std::string> labels(const std::string& host) {
  std::vector<std::string> out(1);
  for (const char c : host) {
    if (c == '.') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

/// Matches the host label by label, each as a glob, so that `*` never spans a dot; the port exactly; the path
/// by whole elements, so that the credentials of "team" do not go with images of "team-evil".
bool matches(const Address& pattern, const Address& target) {
  const auto globs = labels(pattern.host);
  const auto parts = labels(target.host);
  if (globs.size() != parts.size() || pattern.port != target.port) return false;
  for (std::size_t i = 0; i < globs.size(); ++i) {
    if (fnmatch(globs[i].c_str(), parts[i].c_str(), 0) != 0) return false;
  }
  if (!target.path.starts_with(pattern.path)) return false;
  const std::string_view rest = std::string_view(target.path).substr(pattern.path.size());
  return rest.empty() || rest.front() == '/' || pattern.path.empty() || pattern.path.ends_with('/');
}

std::optional<cri::AuthConfig> credentials(const Json& entry) {
  cri::AuthConfig out;
  out.username = kube::string_or(entry, "username");
  out.password = kube::string_or(entry, "password");
  if (const auto auth = kube::string_or(entry, "auth"); !auth.empty()) {
    const auto pair = net::base64_decode_lines(auth);
    const auto colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos) return std::nullopt;
    out.username = pair->substr(0, colon);
    out.password = pair->substr(colon + 1);
    while (!out.password.empty() && out.password.back() == '\0') out.password.pop_back();
  }
  if (out.username.empty() && out.password.empty()) return std::nullopt;
  return out;
}

}  // namespace

ImageChoice choose_image(const std::string& image) {
  try {
    return {kube::parse_image_reference(image).as_given, std::nullopt};
  } catch (const BadInput& error) {
    return {{},
            Refusal{"InvalidImageName",
                    fmt::format("Failed to apply default image tag \"{}\": {}", image, error.what())}};
  }
}

PullDecision decide_pull(const std::string& policy, const std::string& image, bool present) {
  std::string_view effective = policy;
  std::string by_tag;
  if (policy.empty()) {
    by_tag = kube::parse_image_reference(image).default_pull_policy();
    effective = by_tag;
  }
  if (effective == "Always") return PullDecision::kPull;
  if (present) return PullDecision::kUseLocal;
  return effective == "Never" ? PullDecision::kRefuse : PullDecision::kPull;
}

Refusal never_pull_refusal(const std::string& image) {
  return {"ErrImageNeverPull",
          fmt::format("Container image \"{}\" is not present with pull policy of Never", image)};
}

Refusal pull_backoff_refusal(const std::string& image) {
  return {kImagePullBackOff, fmt::format("Back-off pulling image \"{}\"", image)};
}

Refusal pull_failure(const std::string& error_text) {
  for (const char* reason : {"RegistryUnavailable", "SignatureValidationFailed"}) {
    if (error_text.starts_with(reason)) return {reason, error_text};
  }
  return {"ErrImagePull", error_text};
}

bool Keyring::add_secret(const Json& secret) {
  const std::string type = kube::string_or(secret, "type");
  const char* key = nullptr;
  if (type == "kubernetes.io/dockerconfigjson") key = ".dockerconfigjson";
  if (type == "kubernetes.io/dockercfg") key = ".dockercfg";
  if (key == nullptr) return false;
  const Json* value = kube::find_keys(secret, {"data", key});
  if (value == nullptr || !value->is_string()) return false;
  const auto text = net::base64_decode_lines(value->get_ref<const std::string&>());
  return text && add_config(*text);
}

bool Keyring::add_config(std::string_view text) {
  const auto before = entries_.size();
  try {
    const Json config = kube::parse_json(text, "The registry credentials");
    const Json* auths = kube::find_keys(config, {"auths"});
    add_entries(auths != nullptr ? *auths : config);
  } catch (const BadInput&) {
    return false;  // no details: the text may hold a password
  }
  return entries_.size() > before;
}

void Keyring::add_entries(const Json& entries) {
  if (!entries.is_object()) return;
  for (const auto& [registry, entry] : entries.items()) {
    auto found = credentials(entry);
    if (!found) continue;
    auto& list = entries_[entry_key(registry)];
    if (std::find(list.begin(), list.end(), *found) == list.end()) list.push_back(*std::move(found));
  }
}

std::vector<cri::AuthConfig> Keyring::lookup(const std::string& image) const {
  const auto reference = kube::parse_image_reference(image);
  std::vector<Address> targets = {take_apart(reference.registry + "/" + reference.repository)};
  if (reference.registry == "docker.io")
    targets.push_back(take_apart("index.docker.io/" + reference.repository));
  std::vector<cri::AuthConfig> out;
  for (const auto& [key, list] : entries_) {
    const Address pattern = take_apart(key);
    const bool fits = std::any_of(targets.begin(), targets.end(),
                                  [&](const Address& target) { return matches(pattern, target); });
    if (fits) out.insert(out.end(), list.begin(), list.end());
  }
  return out;
}

}  // namespace edgecore::edged
