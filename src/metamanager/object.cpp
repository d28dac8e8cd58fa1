#include "metamanager/object.hpp"

#include <charconv>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::metamanager {
namespace {

/// meta_v2 takes 63 bits; a version beyond that is no number of an API server.
std::optional<std::uint64_t> read_version(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number > std::uint64_t{INT64_MAX}) return std::nullopt;
  return number;
}

}  // namespace

Identity identity_of(const Json& object) {
  Identity identity;
  identity.uid = kube::string_or(object, "metadata.uid");
  identity.resource_version = read_version(kube::string_or(object, "metadata.resourceVersion"));
  identity.created = kube::time_at(object, "metadata.creationTimestamp");
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

Json decoded_content(const Json& content) {
  if (content.is_object()) return content;
  if (!content.is_string()) return Json();
  try {
    Json value = kube::parse_json(content.get_ref<const std::string&>(), "The message's content");
    return value.is_object() ? value : Json();
  } catch (const BadInput&) {
    return Json();  // the caller says what came
  }
}

void fill_kind(Json& object, std::string_view type) {
  if (!object.is_object() || !kube::string_or(object, "kind").empty()) return;
  const kube::ResourceKind* kind = kube::find_type(type);
  if (kind == nullptr) return;
  object["kind"] = std::string(kind->kind);
  if (kube::string_or(object, "apiVersion").empty()) object["apiVersion"] = kind->api_version();
}

bool is_servable(const Json& object) {
  return object.is_object() && !kube::string_or(object, "kind").empty() &&
         !kube::string_or(object, "metadata.name").empty();
}

std::optional<Json> read_row(std::string_view text, std::string_view type) {
  try {
    Json object = kube::parse_json(text, "A stored row");
    fill_kind(object, type);
    if (is_servable(object)) return object;
  } catch (const BadInput&) {
    // A row that cannot be read is as good as none: the cloud is asked.
  }
  return std::nullopt;
}

}  // namespace edgecore::metamanager
