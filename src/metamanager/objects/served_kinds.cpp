// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/served_kinds.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/store/meta.hpp"
#include "edgecore/store/meta_v2.hpp"
#include "metamanager/objects/object.hpp"
#include "metamanager/objects/row_key.hpp"

namespace edgecore::metamanager {
namespace {

namespace meta_v2 = store::meta_v2;

constexpr std::chrono::seconds kLookAgain{1};

/// Only the names of CRDs are needed here, so their schemas and columns are not kept.
kube::ApiResourceLimits names_only() {
  kube::ApiResourceLimits limits;
  limits.max_columns = 0;
  limits.max_schema_bytes = 0;
  limits.max_all_schema_bytes = 0;
  return limits;
}

std::string crd_rows() {
  return meta_v2::make_gvr("apiextensions.k8s.io", "v1", "customresourcedefinitions");
}

/// CloudCore's guess at the singular of a plural (protocol/03-metaserver.md §2.6).
std::string cloud_singular(std::string_view plural) {
  if (plural == "endpoints") return std::string(plural);
  if (plural.ends_with("ies")) return std::string(plural.substr(0, plural.size() - 3)) + "y";
  if (plural.ends_with("ses")) return std::string(plural.substr(0, plural.size() - 2));
  if (plural.ends_with("s")) plural.remove_suffix(1);
  return std::string(plural);
}

bool is_meant(const kube::ApiResource& resource, std::string_view token) {
  return lower_case(resource.kind) == token || resource.plural == token ||
         cloud_singular(resource.plural) == token;
}

std::string key_of(const beehive::ResourcePath& path, const Json& object, std::string_view group,
                   std::string_view version, const ServedKinds::Names& names) {
  const std::string ns = served_namespace(object, path, names.namespaced);
  return meta_v2::make_key(group, version, names.plural, ns,
                           kube::string_or(object, "metadata.name", path.name));
}

}  // namespace

ServedKinds::ServedKinds() : resources_(names_only()) {}

ServedKinds::ServedKinds(const store::Reader& reader, const Clock& clock, log::Logger log)
    : reader_(&reader), clock_(&clock), log_(std::move(log)), resources_(names_only()) {
  look_again();
}

void ServedKinds::learn(const Json& crd) {
  try {
    resources_.learn(crd);
  } catch (const BadInput& bad) {
    if (log_)
      log_->warn("the CustomResourceDefinition {} is not used: {}",
                 log::quote(kube::string_or(crd, "metadata.name")), bad.what());
  }
}

void ServedKinds::forget(const std::string& crd_name) {
  resources_.forget(crd_name);
}

void ServedKinds::look_again() {
  if (reader_ == nullptr) return;
  const SteadyTime now = clock_->steady();
  if (looked_at_ != SteadyTime::min() && now - looked_at_ < kLookAgain) return;
  looked_at_ = now;
  std::map<std::string, std::uint64_t> there;
  for (auto& [key, version] : meta_v2::versions(*reader_, crd_rows())) there.emplace(std::move(key), version);
  for (const auto& [key, version] : read_) {
    if (!there.contains(key)) resources_.forget(key.substr(key.rfind('/') + 1));
  }
  for (const auto& [key, version] : there) {
    const auto known = read_.find(key);
    if (known == read_.end() || known->second != version) take(key);
  }
  read_ = std::move(there);
}

void ServedKinds::take(const std::string& key) {
  const auto row = meta_v2::find(*reader_, key);
  if (!row) return;
  try {
    learn(kube::parse_json(row->value, "A stored custom resource definition"));
  } catch (const BadInput& bad) {
    if (log_) log_->warn("{} cannot be read: {}", log::quote(key), bad.what());
  }
}

ServedKinds::Names ServedKinds::names_of(std::string_view group, std::string_view version,
                                         std::string_view kind) {
  // The plural is the same in all versions.
  kube::ApiResourcePtr found = resources_.find_kind(group, version, kind);
  if (found == nullptr) found = resources_.find_kind(group, "", kind);
  if (found == nullptr) {
    look_again();
    found = resources_.find_kind(group, "", kind);
  }
  if (found != nullptr) return {found->plural, found->namespaced};
  return {kube::plural_of(kind), true};
}

std::vector<kube::ApiResourcePtr> ServedKinds::of_type(std::string_view token) {
  std::vector<kube::ApiResourcePtr> found;
  const auto collect = [&] {
    for (const auto& one : resources_.all()) {
      if (is_meant(*one, token)) found.push_back(one);
    }
  };
  collect();
  if (found.empty()) {
    look_again();
    collect();
  }
  return found;
}

void ServedKinds::fill(Json& object, std::string_view token) {
  fill_kind(object, token);
  if (!object.is_object() || !kube::string_or(object, "kind").empty()) return;
  kube::ApiResourcePtr meant;
  for (const auto& one : of_type(token)) {
    if (meant != nullptr && (meant->group != one->group || meant->kind != one->kind)) return;
    if (meant == nullptr || one->preferred) meant = one;
  }
  if (meant == nullptr) return;
  object["kind"] = meant->kind;
  if (kube::string_or(object, "apiVersion").empty()) object["apiVersion"] = meant->api_version();
}

std::vector<std::string> ServedKinds::keys_of(const beehive::ResourcePath& path, const Json& object) {
  std::vector<std::string> keys;
  const auto add = [&](std::string_view kind, std::string_view api_version) {
    const auto version = kube::parse_api_version(api_version);
    if (kind.empty() || !version) return false;
    const std::string key = key_of(path, object, version->group, version->version,
                                   names_of(version->group, version->version, kind));
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    return true;
  };
  Json named = {{"kind", kube::string_or(object, "kind")},
                {"apiVersion", kube::string_or(object, "apiVersion")}};
  fill_kind(named, path.type);
  if (add(kube::string_or(named, "kind"), kube::string_or(named, "apiVersion"))) return keys;
  if (reader_ != nullptr) {
    if (const auto row = store::meta::find(*reader_, row_key(path))) {
      const Json stored = kube::stored_json(row->value);
      add(kube::string_or(stored, "kind"), kube::string_or(stored, "apiVersion"));
    }
  }
  for (const auto& one : of_type(path.type)) add(one->kind, one->api_version());
  return keys;
}

}  // namespace edgecore::metamanager
