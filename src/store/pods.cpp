// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/pods.hpp"

#include "edgecore/kube/json_text.hpp"
#include "edgecore/store/meta.hpp"

namespace edgecore::store::pods {
namespace {

std::string resource(std::string_view name_space, std::string_view type, std::string_view name) {
  std::string key(name_space);
  key += '/';
  key += type;
  key += '/';
  key += name;
  return key;
}

// True if the stored row has another uid than the pod to be removed. An unreadable row has none.
bool is_of_other(std::string_view object_json, std::string_view uid) {
  if (uid.empty()) return false;
  const auto stored = uid_of(object_json);
  return stored.has_value() && *stored != uid;
}

}  // namespace

void upsert(Transaction& into, const Write& pod) {
  meta::upsert(into, {resource(pod.name_space, "pod", pod.name), "pod", pod.value});
  if (pod.patch) {
    meta::upsert(into, {resource(pod.name_space, "podpatch", pod.name), "podpatch", *pod.patch});
  }
  if (pod.object) meta_v2::upsert(into, *pod.object);
}

Removal remove(Transaction& from, std::string_view name_space, std::string_view name, std::string_view uid) {
  const std::string key = resource(name_space, "pod", name);
  const std::string served_key = meta_v2::make_key("", "v1", "pods", name_space, name);
  const auto pod = meta::find(from, key);
  const auto served = meta_v2::find(from, served_key);
  if (pod && is_of_other(pod->value, uid)) return Removal::kOtherUid;
  // The row for MetaServer may be older or exist alone: remove it only if it is this pod's.
  const bool unserved = served && !is_of_other(served->value, uid) && meta_v2::remove(from, served_key);
  if (!pod) return unserved ? Removal::kRemoved : served ? Removal::kOtherUid : Removal::kAbsent;
  meta::remove(from, key);
  meta::remove(from, resource(name_space, "podpatch", name));
  return Removal::kRemoved;
}

std::optional<std::string> uid_of(std::string_view object_json) {
  const auto uid = kube::find_member(object_json, {"metadata", "uid"});
  const auto text = uid ? kube::plain_string(uid->of(object_json)) : std::nullopt;
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

}  // namespace edgecore::store::pods
