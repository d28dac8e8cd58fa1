// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/access_rules.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <unordered_map>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/quoted.hpp"

namespace edgecore::metaserver {
namespace {

/// Far above the numbers in real clusters; the rest of an object is left out.
constexpr std::size_t kMaxBindings = 5'000;
constexpr std::size_t kMaxSubjects = 10'000;
constexpr std::size_t kMaxRules = 20'000;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// Joins problems as Kubernetes does, each once.
std::string joined_problems(const std::vector<std::string>& problems) {
  if (problems.empty()) return {};
  std::string all;
  for (const std::string& problem : problems) all += (all.empty() ? "" : ", ") + problem;
  return problems.size() == 1 ? all : "[" + all + "]";
}

void add_once(std::vector<std::string>& problems, const std::string& problem) {
  if (std::ranges::find(problems, problem) == problems.end()) problems.push_back(problem);
}

}  // namespace

/// A binding with the rules its role has.
struct AccessRules::Grant {
  const Binding* binding = nullptr;
  bool is_cluster = false;
  const std::vector<PolicyRule>* rules = nullptr;  ///< null when the role is unknown
  std::string problem;                             ///< why it is
};

/// A grant under one of its subjects.
struct AccessRules::Entry {
  std::size_t grant = 0;
  std::string text;  ///< `RoleBinding "b/ns" of Role "r" to User "u"`
};

/// Everything by subject.
struct AccessRules::Index {
  using BySubject = std::unordered_map<std::string, std::vector<Entry>, TextHash, std::equal_to<>>;
  using Rules = const std::vector<PolicyRule>*;

  std::vector<Grant> grants;  ///< those of the cluster first
  BySubject users, groups;
  std::map<Key, std::string> account_uids;

  explicit Index(const std::map<Key, Object>& objects) {
    for (const auto& [key, object] : objects) {
      if (!object.account_uid.empty())
        account_uids.emplace(Key{key.first, object.account}, object.account_uid);
      for (const Binding& binding : object.bindings) learn_role(binding, key.first);
      for (const Binding& binding : object.cluster_bindings) learn_role(binding, {});
    }
    for (const auto& [key, object] : objects) {
      for (const Binding& binding : object.cluster_bindings) add(binding, true);
    }
    for (const auto& [key, object] : objects) {
      for (const Binding& binding : object.bindings) add(binding, false);
    }
  }

 private:
  std::map<Key, Rules> roles_;
  std::map<std::string, Rules> cluster_roles_;
  std::map<Key, bool> seen_bindings_, seen_cluster_bindings_;

  /// A Role is known only from a binding of its own namespace.
  void learn_role(const Binding& binding, const std::string& ns) {
    if (binding.role_kind == "ClusterRole") cluster_roles_.emplace(binding.role_name, &binding.rules);
    if (binding.role_kind == "Role" && !ns.empty())
      roles_.emplace(Key{ns, binding.role_name}, &binding.rules);
  }

  void add(const Binding& binding, bool is_cluster) {
    auto& seen = is_cluster ? seen_cluster_bindings_ : seen_bindings_;
    if (!seen.emplace(Key{binding.ns, binding.name}, true).second) return;
    Grant grant{&binding, is_cluster, nullptr, {}};
    find_rules(grant);
    grants.push_back(std::move(grant));
    for (const Subject& subject : binding.subjects) add_subject(subject, binding, is_cluster);
  }

  void find_rules(Grant& grant) const {
    const Binding& binding = *grant.binding;
    if (binding.role_kind == "ClusterRole") {
      grant.rules = rules_in(cluster_roles_, binding.role_name);
      if (grant.rules == nullptr) grant.problem = "clusterrole " + binding.role_name + " not found";
    } else if (binding.role_kind == "Role") {
      const std::string ns = grant.is_cluster ? std::string() : binding.ns;
      grant.rules = rules_in(roles_, Key{ns, binding.role_name});
      if (grant.rules == nullptr) grant.problem = "role " + ns + "/" + binding.role_name + " not found";
    } else {
      grant.problem = "unsupported role reference kind: " + kube::quoted(binding.role_kind);
    }
  }

  template <typename Map>
  static Rules rules_in(const Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : found->second;
  }

  void add_subject(const Subject& subject, const Binding& binding, bool is_cluster) {
    const std::string bound = kube::quoted(is_cluster ? binding.name : binding.name + "/" + binding.ns);
    const auto text = [&](const std::string& name) {
      return fmt::format("{} {} of {} {} to {} {}", is_cluster ? "ClusterRoleBinding" : "RoleBinding", bound,
                         binding.role_kind, kube::quoted(binding.role_name), subject.kind,
                         kube::quoted(name));
    };
    const std::size_t grant = grants.size() - 1;
    if (subject.kind == "User") users[subject.name].push_back({grant, text(subject.name)});
    if (subject.kind == "Group") groups[subject.name].push_back({grant, text(subject.name)});
    if (subject.kind != "ServiceAccount") return;
    const std::string& ns = subject.ns.empty() ? binding.ns : subject.ns;
    if (ns.empty()) return;
    users["system:serviceaccount:" + ns + ":" + subject.name].push_back(
        {grant, text(subject.name + "/" + ns)});
  }
};

AccessRules::AccessRules() = default;
AccessRules::~AccessRules() = default;

void AccessRules::put(const Json& access) {
  const Key key{kube::string_or(access, "metadata.namespace"), kube::string_or(access, "metadata.name")};
  if (key.first.empty() || key.second.empty()) {
    complain("A ServiceAccountAccess without name or namespace is left out.");
    return;
  }
  index_.reset();
  Object& object = objects_[key] = {};
  object.account = kube::string_or(access, "spec.serviceAccount.metadata.name");
  object.account_uid = kube::string_or(access, "spec.serviceAccountUid");
  object.bindings = read_bindings(access, false, object);
  object.cluster_bindings = read_bindings(access, true, object);
}

void AccessRules::remove(std::string_view ns, std::string_view name) {
  index_.reset();
  objects_.erase(Key{ns, name});
}

void AccessRules::clear() {
  index_.reset();
  objects_.clear();
}

std::vector<AccessRules::Binding> AccessRules::read_bindings(const Json& access, bool is_cluster,
                                                             Object& into) {
  const Json& items =
      kube::array_or_empty(access, is_cluster ? "spec.accessClusterRoleBinding" : "spec.accessRoleBinding");
  std::vector<Binding> bindings;
  for (const Json& item : items) {
    if (bindings.size() >= kMaxBindings || into.rules >= kMaxRules) {
      complain(fmt::format(
          "The ServiceAccountAccess of \"{}\" has too many bindings or rules; the rest is left out.",
          log::quote(into.account)));
      break;
    }
    try {
      if (auto binding = read_binding(item, is_cluster, into)) bindings.push_back(std::move(*binding));
    } catch (const BadInput& bad) {
      complain(fmt::format("A binding in the ServiceAccountAccess of \"{}\" is left out: {}.",
                           log::quote(into.account), log::quote(bad.what())));
    }
  }
  return bindings;
}

std::optional<AccessRules::Binding> AccessRules::read_binding(const Json& item, bool is_cluster,
                                                              Object& into) {
  const Json& source = kube::get_object(item, is_cluster ? "clusterRoleBinding" : "roleBinding");
  Binding binding;
  binding.name = kube::get_string(source, "metadata.name");
  if (!is_cluster) binding.ns = kube::get_string(source, "metadata.namespace");
  binding.role_kind = kube::get_string(source, "roleRef.kind");
  binding.role_name = kube::get_string(source, "roleRef.name");
  for (const Json& subject : kube::array_or_empty(source, "subjects")) {
    if (binding.subjects.size() >= kMaxSubjects) break;
    binding.subjects.push_back({kube::string_or(subject, "kind"), kube::string_or(subject, "namespace"),
                                kube::string_or(subject, "name")});
  }
  for (const Json& rule : kube::array_or_empty(item, "rules")) {
    if (++into.rules > kMaxRules) break;
    try {
      binding.rules.push_back(PolicyRule::from_json(rule));
    } catch (const BadInput& bad) {
      complain(fmt::format("A rule of {} \"{}\" is left out: {}.", log::quote(binding.role_kind),
                           log::quote(binding.role_name), bad.what()));
    }
  }
  return binding;
}

void AccessRules::complain(std::string_view why) {
  if (complaints_.now())
    log::get("metaserver")->warn("{} ({} such findings so far)", why, complaints_.count());
}

const AccessRules::Index& AccessRules::index() const {
  if (!index_) index_ = std::make_unique<const Index>(objects_);
  return *index_;
}

std::optional<std::string> AccessRules::account_uid(std::string_view ns, std::string_view account) const {
  const auto& uids = index().account_uids;
  const auto found = uids.find(Key{ns, account});
  if (found == uids.end()) return std::nullopt;
  return found->second;
}

std::vector<const AccessRules::Entry*> AccessRules::entries_of(const User& user, std::string_view ns) const {
  const Index& all = index();
  std::vector<const Entry*> entries;
  const auto take = [&](const Index::BySubject& from, const std::string& subject) {
    const auto found = from.find(subject);
    if (found == from.end()) return;
    for (const Entry& entry : found->second) {
      const Grant& grant = all.grants[entry.grant];
      if (grant.is_cluster || (!ns.empty() && grant.binding->ns == ns)) entries.push_back(&entry);
    }
  };
  take(all.users, user.name);
  for (const std::string& group : user.groups) take(all.groups, group);
  std::ranges::stable_sort(entries, {}, &Entry::grant);
  const auto repeated = std::ranges::unique(entries, {}, &Entry::grant);
  entries.erase(repeated.begin(), repeated.end());
  return entries;
}

Decision AccessRules::decide(const User& user, const Attributes& attributes) const {
  std::vector<std::string> problems;
  for (const Entry* entry : entries_of(user, attributes.is_resource ? attributes.ns : std::string())) {
    const Grant& grant = index().grants[entry->grant];
    if (grant.rules == nullptr) {
      add_once(problems, grant.problem);
    } else if (std::ranges::any_of(*grant.rules, [&](const auto& rule) { return rule.allows(attributes); })) {
      return {true, "RBAC: allowed by " + entry->text};
    }
  }
  return {false, problems.empty() ? std::string() : "RBAC: " + joined_problems(problems)};
}

AccessRules::RulesOf AccessRules::rules_of(const User& user, std::string_view ns) const {
  RulesOf result;
  std::vector<std::string> problems;
  for (const Entry* entry : entries_of(user, ns)) {
    const Grant& grant = index().grants[entry->grant];
    if (grant.rules == nullptr) {
      add_once(problems, grant.problem);
      continue;
    }
    for (const PolicyRule& rule : *grant.rules) result.rules.push_back(&rule);
  }
  result.problem = joined_problems(problems);
  return result;
}

}  // namespace edgecore::metaserver
