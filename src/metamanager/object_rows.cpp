#include "metamanager/object_rows.hpp"

#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/store/meta.hpp"
#include "edgecore/store/pods.hpp"
#include "metamanager/token.hpp"

namespace edgecore::metamanager {
namespace {

namespace meta = store::meta;
namespace meta_v2 = store::meta_v2;

/// The namespace of the object itself: what it says, else the resource's, of which `null` means none.
std::string namespace_of(const Json& object, const beehive::ResourcePath& path, bool namespaced) {
  std::string own = kube::string_or(object, "metadata.namespace");
  if (!own.empty()) return own;
  if (!namespaced || path.ns == "null") return {};
  return path.ns;
}

std::optional<meta_v2::Row> served_row(const Json& object, const beehive::ResourcePath& path,
                                       std::string_view kind, std::string_view api_version) {
  const auto version = kube::parse_api_version(api_version);
  std::string name = kube::string_or(object, "metadata.name", path.name);
  if (kind.empty() || !version || name.empty()) return std::nullopt;
  const kube::ResourceKind* known = kube::find_kind(kind, version->group);
  const std::string plural = known != nullptr ? std::string(known->plural) : kube::plural_of(kind);
  const std::string ns = namespace_of(object, path, known == nullptr || known->namespaced);
  meta_v2::Row row;
  row.key = meta_v2::make_key(version->group, version->version, plural, ns, name);
  row.gvr = meta_v2::make_gvr(version->group, version->version, plural);
  row.name_space = ns;
  row.name = std::move(name);
  row.resource_version = identity_of(object).resource_version.value_or(0);
  return row;
}

std::string served_key(const Json& object, const beehive::ResourcePath& path) {
  Json named = object;
  fill_kind(named, path.type);
  const auto row =
      served_row(named, path, kube::string_or(named, "kind"), kube::string_or(named, "apiVersion"));
  return row ? row->key : std::string();
}

Identity identity_of_text(const std::string& text) {
  const Json object = Json::parse(text, nullptr, false);
  return object.is_discarded() ? Identity() : identity_of(object);
}

bool is_of_other(const std::string& text, const std::string& uid) {
  const std::string stored = identity_of_text(text).uid;
  return !uid.empty() && !stored.empty() && stored != uid;
}

WriteOutcome remove_pod(store::Transaction& from, const ObjectRemoval& removal) {
  using Kind = WriteOutcome::Kind;
  drop_tokens(from, removal.uid);
  switch (store::pods::remove(from, removal.path.ns, removal.path.name, removal.uid)) {
    case store::pods::Removal::removed:
      return {Kind::kRemoved, {}};
    case store::pods::Removal::other_uid:
      return {Kind::kOtherUid, {}};
    case store::pods::Removal::absent:
      break;
  }
  return {Kind::kNotThere, {}};
}

}  // namespace

std::string row_key(const beehive::ResourcePath& path) {
  if (path.type == names::resource::kNode) return beehive::resource_path("default", path.type, path.name);
  return beehive::resource_path(path.ns, path.type, path.name);
}

std::vector<meta_v2::Row> served_rows(const Json& object, const beehive::ResourcePath& path) {
  std::vector<meta_v2::Row> rows;
  if (path.type.find("status") != std::string::npos) return rows;
  const std::string kind = kube::string_or(object, "kind");
  const std::string api_version = kube::string_or(object, "apiVersion");
  const Json& items = kube::array_or_empty(object, "items");
  if (kind.ends_with("List") && object.contains("items")) {
    const std::string item_kind = kind.substr(0, kind.size() - 4);
    for (const Json& item : items) {
      Json whole = item;
      if (!whole.is_object()) continue;
      if (kube::string_or(whole, "kind").empty()) whole["kind"] = item_kind;
      if (kube::string_or(whole, "apiVersion").empty()) whole["apiVersion"] = api_version;
      if (kube::string_or(whole, "metadata.name").empty()) continue;
      auto row =
          served_row(whole, path, kube::string_or(whole, "kind"), kube::string_or(whole, "apiVersion"));
      if (!row) continue;
      row->value = kube::dump_json(whole);
      rows.push_back(std::move(*row));
    }
    return rows;
  }
  auto row = served_row(object, path, kind, api_version);
  if (!row) return rows;
  row->value = kube::dump_json(object);
  rows.push_back(std::move(*row));
  return rows;
}

std::shared_ptr<const ObjectWrite> make_write(const beehive::ResourcePath& path, const Json& object,
                                              bool only_if_present) {
  auto write = std::make_shared<ObjectWrite>();
  write->path = path;
  write->identity = identity_of(object);
  write->text = kube::dump_json(object);
  write->served = served_rows(object, path);
  write->only_if_present = only_if_present;
  return write;
}

WriteOutcome apply(store::Transaction& into, const ObjectWrite& write) {
  using Kind = WriteOutcome::Kind;
  const std::string key = row_key(write.path);
  if (const auto stored = meta::find(into, key)) {
    const Identity there = identity_of_text(stored->value);
    if (is_older(write.identity, there)) return {Kind::kStale, stored->value};
    if (write.only_if_present && there.uid != write.identity.uid) return {Kind::kAbsent, {}};
  } else if (write.only_if_present) {
    return {Kind::kAbsent, {}};
  }
  meta::upsert(into, {key, write.path.type, write.text});
  for (const auto& row : write.served) meta_v2::upsert_newer(into, row);
  return {Kind::kStored, {}};
}

std::shared_ptr<const ObjectRemoval> make_removal(const beehive::ResourcePath& path, const Json& content) {
  auto removal = std::make_shared<ObjectRemoval>();
  removal->path = path;
  removal->uid = kube::string_or(content, "metadata.uid");
  removal->resource_version = kube::string_or(content, "metadata.resourceVersion");
  removal->served_key = served_key(content, path);
  return removal;
}

WriteOutcome apply(store::Transaction& from, const ObjectRemoval& removal) {
  using Kind = WriteOutcome::Kind;
  if (removal.path.type == names::resource::kPod) return remove_pod(from, removal);
  const std::string key = row_key(removal.path);
  const auto stored = meta::find(from, key);
  if (stored && is_of_other(stored->value, removal.uid)) return {Kind::kOtherUid, {}};
  if (!removal.served_key.empty()) {
    const auto served = meta_v2::find(from, removal.served_key);
    if (served && !is_of_other(served->value, removal.uid)) meta_v2::remove(from, removal.served_key);
  }
  return {meta::remove(from, key) ? Kind::kRemoved : Kind::kNotThere, {}};
}

}  // namespace edgecore::metamanager
