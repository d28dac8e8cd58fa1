// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/object_rows.hpp"

#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/store/meta.hpp"
#include "edgecore/store/offline_writes.hpp"
#include "edgecore/store/pods.hpp"
#include "metamanager/objects/token.hpp"

namespace edgecore::metamanager {
namespace {

namespace meta = store::meta;
namespace meta_v2 = store::meta_v2;

std::optional<meta_v2::Row> served_row(ServedKinds& kinds, const Json& object,
                                       const beehive::ResourcePath& path) {
  const std::string kind = kube::string_or(object, "kind");
  const auto version = kube::parse_api_version(kube::string_or(object, "apiVersion"));
  std::string name = kube::string_or(object, "metadata.name", path.name);
  if (kind.empty() || !version || name.empty()) return std::nullopt;
  const ServedKinds::Names names = kinds.names_of(version->group, version->version, kind);
  const std::string ns = served_namespace(object, path, names.namespaced);
  meta_v2::Row row;
  row.key = meta_v2::make_key(version->group, version->version, names.plural, ns, name);
  row.gvr = meta_v2::make_gvr(version->group, version->version, names.plural);
  row.name_space = ns;
  row.name = std::move(name);
  row.resource_version = identity_of(object).resource_version.value_or(0);
  return row;
}

/// The meta_v2 row with its value; valid while `served` lives.
meta_v2::RowView whole(const ServedRow& served) {
  meta_v2::RowView row = served.row;
  row.value = *served.value;
  return row;
}

bool is_of_other(const std::string& text, const std::string& uid) {
  const std::string stored = kube::identity_of_text(text).uid;
  return !uid.empty() && !stored.empty() && stored != uid;
}

/// Whether the stored row has the same version as `write` plus a change that this node must still send to the
/// cloud.
bool is_changed_here(const store::Source& from, const ObjectWrite& write, const Identity& there,
                     const std::string& stored) {
  return !there.uid.empty() && there.uid == write.identity.uid && there.resource_version &&
         there.resource_version == write.identity.resource_version && stored != *write.text &&
         store::offline_writes::has(from, there.uid);
}

WriteOutcome remove_pod(store::Transaction& from, const ObjectRemoval& removal) {
  using Kind = WriteOutcome::Kind;
  drop_tokens(from, removal.uid);
  switch (store::pods::remove(from, removal.path.ns, removal.path.name, removal.uid)) {
    case store::pods::Removal::kRemoved:
      return {Kind::kRemoved, {}};
    case store::pods::Removal::kOtherUid:
      return {Kind::kOtherUid, {}};
    case store::pods::Removal::kAbsent:
      break;
  }
  return {Kind::kNotThere, {}};
}

bool remove_served(store::Transaction& from, const ObjectRemoval& removal) {
  bool removed = false;
  const bool sure = removal.served_keys.size() == 1;
  for (const std::string& key : removal.served_keys) {
    const auto served = meta_v2::find(from, key);
    if (!served) continue;
    const bool is_it = sure
                           ? !is_of_other(served->value, removal.uid)
                           : !removal.uid.empty() && kube::identity_of_text(served->value).uid == removal.uid;
    if (is_it) removed = meta_v2::remove(from, key) || removed;
  }
  return removed;
}

}  // namespace

std::vector<ServedRow> served_rows(ServedKinds& kinds, const Json& object, const beehive::ResourcePath& path,
                                   const SharedText& text) {
  std::vector<ServedRow> rows;
  if (path.type.find("status") != std::string::npos) return rows;
  const std::string kind = kube::string_or(object, "kind");
  if (!kind.ends_with("List") || !object.contains("items")) {
    if (auto row = served_row(kinds, object, path)) rows.push_back({std::move(*row), text});
    return rows;
  }
  for (const Json& item : kube::array_or_empty(object, "items")) {
    Json one = item;
    if (!one.is_object() || kube::string_or(one, "metadata.name").empty()) continue;
    if (kube::string_or(one, "kind").empty()) one["kind"] = kind.substr(0, kind.size() - 4);
    if (kube::string_or(one, "apiVersion").empty()) one["apiVersion"] = kube::string_or(object, "apiVersion");
    if (auto row = served_row(kinds, one, path))
      rows.push_back({std::move(*row), std::make_shared<const std::string>(kube::dump_json(one))});
  }
  return rows;
}

std::shared_ptr<const ObjectWrite> make_write(ServedKinds& kinds, const beehive::ResourcePath& path,
                                              const Json& object, bool only_if_present) {
  auto write = std::make_shared<ObjectWrite>();
  write->path = path;
  write->identity = identity_of(object);
  write->text = std::make_shared<const std::string>(kube::dump_json(object));
  write->served = served_rows(kinds, object, path, write->text);
  write->only_if_present = only_if_present;
  return write;
}

WriteOutcome apply(store::Transaction& into, const ObjectWrite& write) {
  using Kind = WriteOutcome::Kind;
  const std::string key = row_key(write.path);
  bool replaced = false;
  if (const auto stored = meta::find(into, key)) {
    const Identity there = kube::identity_of_text(stored->value);
    replaced = there.uid != write.identity.uid || there.resource_version != write.identity.resource_version;
    const bool keep = is_older(write.identity, there) || is_changed_here(into, write, there, stored->value);
    // A stored row that cannot be read does not keep a new object out.
    if (keep && Json::accept(stored->value)) return {Kind::kStale, stored->value};
    if (write.only_if_present && there.uid != write.identity.uid) return {Kind::kAbsent, {}};
  } else if (write.only_if_present) {
    return {Kind::kAbsent, {}};
  }
  meta::upsert(into, {key, write.path.type, *write.text});
  for (const ServedRow& row : write.served) meta_v2::upsert_newer(into, whole(row));
  return {Kind::kStored, {}, replaced};
}

std::shared_ptr<const ObjectRemoval> make_removal(ServedKinds& kinds, const beehive::ResourcePath& path,
                                                  const Json& content) {
  auto removal = std::make_shared<ObjectRemoval>();
  removal->path = path;
  removal->uid = kube::string_or(content, "metadata.uid");
  removal->resource_version = kube::string_or(content, "metadata.resourceVersion");
  removal->served_keys = kinds.keys_of(path, content);
  return removal;
}

WriteOutcome apply(store::Transaction& from, const ObjectRemoval& removal) {
  using Kind = WriteOutcome::Kind;
  if (removal.path.type == names::resource::kPod) return remove_pod(from, removal);
  const std::string key = row_key(removal.path);
  // Objects of two groups may share a key in `meta`; the row there is the one that was written last.
  const bool unserved = remove_served(from, removal);
  const auto stored = meta::find(from, key);
  const bool other = stored && is_of_other(stored->value, removal.uid);
  const bool removed = !other && meta::remove(from, key);
  if (removed || unserved) return {Kind::kRemoved, {}};
  return {other ? Kind::kOtherUid : Kind::kNotThere, {}};
}

}  // namespace edgecore::metamanager
