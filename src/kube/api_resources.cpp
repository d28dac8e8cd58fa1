// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/api_resources.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/kube/names.hpp"
#include "edgecore/kube/resource_kinds.hpp"

namespace edgecore::kube {
namespace {

constexpr std::size_t kMaxNames = 64;  // short names or categories of one resource

/// Plurals of the built-in resources that have no status; the others of the table have it as a subresource.
constexpr auto kWithoutStatus = std::to_array<std::string_view>({
    "bindings",
    "componentstatuses",
    "configmaps",
    "endpoints",
    "events",
    "limitranges",
    "podtemplates",
    "secrets",
    "serviceaccounts",
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
    "validatingadmissionpolicybindings",
    "controllerrevisions",
    "selfsubjectreviews",
    "tokenreviews",
    "localsubjectaccessreviews",
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "subjectaccessreviews",
    "clustertrustbundles",
    "leases",
    "endpointslices",
    "ingressclasses",
    "networkpolicies",
    "clustercidrs",
    "ipaddresses",
    "runtimeclasses",
    "clusterroles",
    "clusterrolebindings",
    "roles",
    "rolebindings",
    "resourceclaimtemplates",
    "resourceclasses",
    "priorityclasses",
    "csidrivers",
    "csinodes",
    "csistoragecapacities",
    "storageclasses",
    "devicemodels",
    "devices",
    "rules",
    "ruleendpoints",
});

constexpr auto kWithScale =
    std::to_array<std::string_view>({"deployments", "replicasets", "replicationcontrollers", "statefulsets"});

constexpr auto kCategoryAll = std::to_array<std::string_view>(
    {"pods", "replicationcontrollers", "services", "daemonsets", "deployments", "replicasets", "statefulsets",
     "horizontalpodautoscalers", "cronjobs", "jobs"});

constexpr auto kCategoryApiExtensions = std::to_array<std::string_view>(
    {"mutatingwebhookconfigurations", "validatingwebhookconfigurations", "validatingadmissionpolicies",
     "validatingadmissionpolicybindings", "customresourcedefinitions", "apiservices"});

template <typename Names>
bool holds(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

ApiResource builtin(const ResourceKind& row) {
  ApiResource resource;
  resource.group = row.group;
  resource.version = row.version;
  resource.plural = row.plural;
  resource.singular = row.singular;
  resource.kind = row.kind;
  resource.list_kind = resource.kind + "List";
  resource.namespaced = row.namespaced;
  resource.has_status = !holds(kWithoutStatus, row.plural);
  resource.has_scale = holds(kWithScale, row.plural);
  resource.short_names = split_commas(row.short_names);
  if (holds(kCategoryAll, row.plural)) resource.categories = {"all"};
  if (holds(kCategoryApiExtensions, row.plural)) resource.categories = {"api-extensions"};
  return resource;
}

/// Rank of a version's name: 3 for a release, 2 for a beta, 1 for an alpha, then its numbers.
using VersionRank = std::tuple<int, unsigned, unsigned>;

std::optional<unsigned> take_version_number(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  if (end == 0 || end > 6 || text.front() == '0') return std::nullopt;
  unsigned number = 0;
  for (const char digit : text.substr(0, end)) number = number * 10 + static_cast<unsigned>(digit - '0');
  text.remove_prefix(end);
  return number;
}

std::optional<VersionRank> version_rank(std::string_view text) {
  if (!text.starts_with('v')) return std::nullopt;
  text.remove_prefix(1);
  const auto major = take_version_number(text);
  if (!major) return std::nullopt;
  if (text.empty()) return VersionRank{3, *major, 0};
  const bool beta = text.starts_with("beta"), alpha = text.starts_with("alpha");
  if (!beta && !alpha) return std::nullopt;
  text.remove_prefix(beta ? 4 : 5);
  const auto minor = take_version_number(text);
  if (!minor || !text.empty()) return std::nullopt;
  return VersionRank{beta ? 2 : 1, *major, *minor};
}

bool is_kind(std::string_view kind) {
  if (kind.empty() || kind.size() > 63) return false;
  const auto letter = [](char c) { return is_lower(c) || is_upper(c); };
  return letter(kind.front()) &&
         std::all_of(kind.begin(), kind.end(), [&](char c) { return letter(c) || is_digit(c) || c == '-'; });
}

std::vector<std::string> names_at(const Json& crd, std::string_view path) {
  std::vector<std::string> names;
  for (const Json& name : array_or_empty(crd, path)) {
    if (names.size() == kMaxNames) break;
    if (name.is_string() && is_service_name(name.get_ref<const std::string&>()))
      names.push_back(name.get<std::string>());
  }
  return names;
}

[[noreturn]] void refuse_definition(const std::string& name, std::string_view why) {
  throw BadInput(fmt::format("The CustomResourceDefinition \"{}\" {}", name.substr(0, 253), why));
}

/// The fields that all versions of a CRD share. Throws BadInput for a CRD that an API server would reject.
ApiResource named_by(const Json& crd) {
  if (string_or(crd, "kind") != "CustomResourceDefinition")
    throw BadInput("The object is not a CustomResourceDefinition");
  ApiResource resource;
  resource.crd = get_string(crd, "metadata.name");
  resource.group = get_string(crd, "spec.group");
  resource.plural = get_string(crd, "spec.names.plural");
  resource.kind = get_string(crd, "spec.names.kind");
  if (!is_dns_subdomain(resource.group) || !is_service_name(resource.plural))
    refuse_definition(resource.crd, "has no valid group and plural");
  if (resource.crd != resource.plural + "." + resource.group)
    refuse_definition(resource.crd, "is not named by its plural and group");
  if (!is_kind(resource.kind)) refuse_definition(resource.crd, "has no valid kind");
  resource.singular = string_or(crd, "spec.names.singular");
  if (!is_service_name(resource.singular)) {
    resource.singular = lower_case(resource.kind);
  }
  resource.list_kind = string_or(crd, "spec.names.listKind");
  if (!is_kind(resource.list_kind)) resource.list_kind = resource.kind + "List";
  const std::string scope = get_string(crd, "spec.scope");
  if (scope != "Namespaced" && scope != "Cluster") refuse_definition(resource.crd, "has no valid scope");
  resource.namespaced = scope == "Namespaced";
  resource.short_names = names_at(crd, "spec.names.shortNames");
  resource.categories = names_at(crd, "spec.names.categories");
  return resource;
}

bool established(const Json& crd) {
  for (const Json& condition : array_or_empty(crd, "status.conditions"))
    if (string_or(condition, "type") == "Established") return string_or(condition, "status") != "False";
  return true;
}

/// The columns of a version that have a name and a path; null if it has none.
std::shared_ptr<const Json> printer_columns(const Json& version, std::size_t most) {
  Json kept = Json::array();
  for (const Json& column : array_or_empty(version, "additionalPrinterColumns")) {
    if (kept.size() == most) break;
    if (!string_or(column, "name").empty() && !string_or(column, "jsonPath").empty()) kept.push_back(column);
  }
  return kept.empty() ? nullptr : std::make_shared<const Json>(std::move(kept));
}

std::shared_ptr<const std::string> schema_of(const Json& version, std::size_t most) {
  const Json* schema = find_path(version, "schema.openAPIV3Schema");
  if (schema == nullptr || !schema->is_object() || schema->empty()) return nullptr;
  std::string text = dump_json(*schema);
  if (text.size() > most) return nullptr;
  return std::make_shared<const std::string>(std::move(text));
}

template <typename Value>
bool same(const std::shared_ptr<const Value>& left, const std::shared_ptr<const Value>& right) {
  return left == right || (left && right && *left == *right);
}

/// Look-up key of a resource; the views point into the row.
struct Key {
  std::string_view group, version, name;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    const std::hash<std::string_view> hash;
    return (hash(key.group) * 31 + hash(key.version)) * 31 + hash(key.name);
  }
};
using Index = std::unordered_map<Key, ApiResourcePtr, KeyHash>;

ApiResourcePtr look_up(const Index& index, const Key& key) {
  const auto found = index.find(key);
  return found == index.end() ? nullptr : found->second;
}

/// Adds the schema and columns of a CRD to the built-in row of the same version.
void enrich(ApiResource& row, const ApiResource& said) {
  row.crd = said.crd;
  row.schema = said.schema;
  row.columns = said.columns;
  row.has_status = said.has_status;
  row.has_scale = said.has_scale;
}

}  // namespace

std::string ApiResource::api_version() const {
  return format_api_version(group, version);
}

std::string ApiResource::qualified() const {
  return group.empty() ? plural : plural + "." + group;
}

bool ApiResource::operator==(const ApiResource& other) const {
  const auto plain = [](const ApiResource& r) {
    return std::tie(r.group, r.version, r.plural, r.singular, r.kind, r.list_kind, r.namespaced, r.preferred,
                    r.has_status, r.has_scale, r.short_names, r.categories, r.crd);
  };
  return plain(*this) == plain(other) && same(schema, other.schema) && same(columns, other.columns);
}

bool version_before(std::string_view left, std::string_view right) {
  const auto first = version_rank(left), second = version_rank(right);
  if (first && second) return *first > *second;
  if (first || second) return first.has_value();
  return left < right;
}

struct ApiResources::Impl {
  explicit Impl(const ApiResourceLimits& given) : limits(given) {
    for (const ResourceKind& row : builtin_kinds()) builtins.push_back(builtin(row));
  }

  ApiResourceLimits limits;
  std::vector<ApiResource> builtins;
  std::map<std::string, std::vector<ApiResource>, std::less<>> crds;  // by name of the CRD
  std::size_t schema_bytes = 0;
  unsigned long revision = 1;

  // Derived from the above on demand, so that learning many CRDs sorts once.
  bool stale = true;
  std::vector<ApiResourcePtr> rows;
  Index by_plural, by_kind;

  [[nodiscard]] std::vector<ApiResource> versions(const Json& crd) const;
  void set(const std::string& name, std::vector<ApiResource> said);
  void refresh();
};

std::vector<ApiResource> ApiResources::Impl::versions(const Json& crd) const {
  const ApiResource common = named_by(crd);
  std::vector<ApiResource> found;
  if (!established(crd)) return found;
  const Json& listed = get_array(crd, "spec.versions");
  if (listed.size() > limits.max_versions) refuse_definition(common.crd, "has too many versions");
  for (const Json& version : listed) {
    ApiResource row = common;
    row.version = get_string(version, "name");
    if (!is_service_name(row.version)) refuse_definition(common.crd, "has a version with an invalid name");
    if (!bool_or(version, "served", false)) continue;
    const bool again = std::any_of(found.begin(), found.end(),
                                   [&](const ApiResource& other) { return other.version == row.version; });
    if (again) refuse_definition(common.crd, "has a version twice");
    row.has_status = find_path(version, "subresources.status") != nullptr;
    row.has_scale = find_path(version, "subresources.scale") != nullptr;
    row.schema = schema_of(version, limits.max_schema_bytes);
    row.columns = printer_columns(version, limits.max_columns);
    found.push_back(std::move(row));
  }
  return found;
}

void ApiResources::Impl::set(const std::string& name, std::vector<ApiResource> said) {
  if (const auto old = crds.find(name); old != crds.end()) {
    for (const ApiResource& row : old->second) schema_bytes -= row.schema ? row.schema->size() : 0;
  }
  for (ApiResource& row : said) {
    if (row.schema && schema_bytes + row.schema->size() > limits.max_all_schema_bytes) row.schema.reset();
    schema_bytes += row.schema ? row.schema->size() : 0;
  }
  crds.insert_or_assign(name, std::move(said));
}

void ApiResources::Impl::refresh() {
  if (!stale) return;
  std::vector<ApiResource> merged = builtins;
  for (const auto& [name, said] : crds) {
    for (ApiResource row : said) {
      const ApiResource* known = nullptr;
      ApiResource* same_version = nullptr;
      for (std::size_t i = 0; i < builtins.size(); ++i) {
        if (builtins[i].plural != row.plural || builtins[i].group != row.group) continue;
        known = &builtins[i];
        if (builtins[i].version == row.version) same_version = &merged[i];
      }
      if (same_version != nullptr) {
        enrich(*same_version, row);
        continue;
      }
      if (known != nullptr) {
        row.singular = known->singular;
        row.kind = known->kind;
        row.list_kind = known->list_kind;
        row.namespaced = known->namespaced;
      }
      merged.push_back(std::move(row));
    }
  }
  rows.clear();
  rows.reserve(merged.size());
  std::stable_sort(merged.begin(), merged.end(), [](const ApiResource& left, const ApiResource& right) {
    if (left.group != right.group) return left.group < right.group;
    if (left.version != right.version) return version_before(left.version, right.version);
    return left.plural < right.plural;
  });
  by_plural.clear();
  by_kind.clear();
  for (ApiResource& row : merged) {
    row.preferred = !by_plural.contains({row.group, "", row.plural});
    const auto shared = std::make_shared<const ApiResource>(std::move(row));
    rows.push_back(shared);
    by_plural.emplace(Key{shared->group, shared->version, shared->plural}, shared);
    by_plural.emplace(Key{shared->group, "", shared->plural}, shared);
    by_kind.emplace(Key{shared->group, shared->version, shared->kind}, shared);
    by_kind.emplace(Key{shared->group, "", shared->kind}, shared);
  }
  stale = false;
}

ApiResources::ApiResources(const ApiResourceLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
ApiResources::~ApiResources() = default;
ApiResources::ApiResources(ApiResources&&) noexcept = default;
ApiResources& ApiResources::operator=(ApiResources&&) noexcept = default;

bool ApiResources::learn(const Json& crd) {
  std::vector<ApiResource> said = impl_->versions(crd);
  const std::string name = get_string(crd, "metadata.name");
  const auto old = impl_->crds.find(name);
  if (old == impl_->crds.end() && impl_->crds.size() >= impl_->limits.max_crds)
    refuse_definition(name, fmt::format("is above the limit of {} definitions", impl_->limits.max_crds));
  const std::vector<ApiResource> before = old == impl_->crds.end() ? std::vector<ApiResource>{} : old->second;
  const bool known = old != impl_->crds.end();
  impl_->set(name, std::move(said));
  if (known && impl_->crds.find(name)->second == before) return false;
  impl_->stale = true;
  ++impl_->revision;
  return true;
}

bool ApiResources::forget(std::string_view crd_name) {
  const auto old = impl_->crds.find(crd_name);
  if (old == impl_->crds.end()) return false;
  impl_->set(old->first, {});
  impl_->crds.erase(old);
  impl_->stale = true;
  ++impl_->revision;
  return true;
}

ApiResourcePtr ApiResources::find(std::string_view group, std::string_view version,
                                  std::string_view plural) const {
  impl_->refresh();
  return look_up(impl_->by_plural, {group, version, plural});
}

ApiResourcePtr ApiResources::find_kind(std::string_view group, std::string_view version,
                                       std::string_view kind) const {
  impl_->refresh();
  return look_up(impl_->by_kind, {group, version, kind});
}

const std::vector<ApiResourcePtr>& ApiResources::all() const {
  impl_->refresh();
  return impl_->rows;
}

unsigned long ApiResources::revision() const {
  return impl_->revision;
}

}  // namespace edgecore::kube
