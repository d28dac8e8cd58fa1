#include "edgecore/kube/identity.hpp"

#include <charconv>

#include "edgecore/kube/time.hpp"

namespace edgecore::kube {

std::optional<std::uint64_t> parse_resource_version(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number > std::uint64_t{INT64_MAX}) return std::nullopt;
  return number;
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
