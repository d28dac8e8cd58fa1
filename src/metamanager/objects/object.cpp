// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/object.hpp"

#include "edgecore/base/error.hpp"
#include "edgecore/kube/resource_kinds.hpp"

namespace edgecore::metamanager {

Json decoded_content(const Json& content) {
  if (content.is_object()) return content;
  if (!content.is_string()) return Json();
  try {
    Json value = kube::parse_json(content.get_ref<const std::string&>(), "The message's content");
    return value.is_object() ? value : Json();
  } catch (const BadInput&) {
    return Json();  // the caller reports it
  }
}

PushedObject::PushedObject(const Json& content) : original_(&content) {
  if (!content.is_object()) copy_ = decoded_content(content);
}

PushedObject PushedObject::of(Json object) {
  PushedObject made;
  made.copy_ = std::move(object);
  return made;
}

Json& PushedObject::edit() {
  if (!copy_) copy_ = *original_;
  return *copy_;
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
    // Treated like a missing row: the cloud is asked.
  }
  return std::nullopt;
}

}  // namespace edgecore::metamanager
