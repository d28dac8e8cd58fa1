// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/identity.hpp"

#include <cstdint>

#include "edgecore/base/ascii.hpp"
#include "edgecore/kube/json_text.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::kube {

std::optional<std::uint64_t> parse_resource_version(std::string_view text) {
  const auto number = to_number<std::uint64_t>(text);
  return number && *number <= std::uint64_t{INT64_MAX} ? number : std::nullopt;
}

Identity identity_of(const Json& object) {
  Identity identity;
  identity.uid = string_or(object, "metadata.uid");
  identity.resource_version = parse_resource_version(string_or(object, "metadata.resourceVersion"));
  identity.created = time_at(object, "metadata.creationTimestamp");
  return identity;
}

Identity identity_of_text(std::string_view object) {
  Identity identity;
  const auto metadata = find_member(object, "metadata");
  if (!metadata) return identity;
  const std::string_view text = metadata->of(object);
  identity.uid = string_member(text, {"uid"});
  identity.resource_version = parse_resource_version(string_member(text, {"resourceVersion"}));
  identity.created = parse_time(string_member(text, {"creationTimestamp"}));
  return identity;
}

bool is_older(const Identity& incoming, const Identity& stored) {
  if (incoming.uid == stored.uid) {
    return incoming.resource_version && stored.resource_version &&
           *incoming.resource_version < *stored.resource_version;
  }
  if (incoming.uid.empty() || stored.uid.empty()) return false;
  return incoming.created && stored.created && *incoming.created < *stored.created;
}

}  // namespace edgecore::kube
