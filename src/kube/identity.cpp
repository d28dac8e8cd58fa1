// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/identity.hpp"

#include <cstdint>

#include "edgecore/base/ascii.hpp"
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

bool is_older(const Identity& incoming, const Identity& stored) {
  if (incoming.uid == stored.uid) {
    return incoming.resource_version && stored.resource_version &&
           *incoming.resource_version < *stored.resource_version;
  }
  if (incoming.uid.empty() || stored.uid.empty()) return false;
  return incoming.created && stored.created && *incoming.created < *stored.created;
}

}  // namespace edgecore::kube
