// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edgecore/base/log.hpp"
#include "edgecore/kube/json.hpp"
#include "metaserver/access/policy_rule.hpp"
#include "metaserver/access/user.hpp"

namespace edgecore::metaserver {

/// Whether something is allowed, and by what; when it is not, what else was wrong ("RBAC: role a/b not
/// found"), which is empty when simply no rule allows it.
struct Decision {
  bool allowed = false;
  std::string reason;
};

/// The rules of all ServiceAccountAccess objects of this node (protocol/03-metaserver.md §4.3, §4.4): the
/// cluster's RBAC as far as it concerns the service accounts of pods here. The bindings of all objects are
/// one set; of a binding or role that comes with several objects the first one counts, ordered by the
/// objects' namespace and name.
///
/// Single-threaded: belongs to metaserver's thread. A change costs the next question a new index; a question
/// costs a look-up for the user and each group, and the rules found there.
class AccessRules {
 public:
  AccessRules();
  ~AccessRules();
  AccessRules(const AccessRules&) = delete;
  AccessRules& operator=(const AccessRules&) = delete;

  /// Takes or replaces one object, read leniently: what is malformed in it is left out, which takes rights
  /// away and never gives any, and is said in the log, more and more seldom. An object without a name takes
  /// nothing; one beyond all measure counts as empty.
  void put(const Json& access);
  void remove(std::string_view ns, std::string_view name);
  void clear();
  [[nodiscard]] std::size_t size() const { return objects_.size(); }

  /// The uid of a service account that pods on this node use, as the cloud last said; nullopt when there is
  /// none.
  [[nodiscard]] std::optional<std::string> account_uid(std::string_view ns, std::string_view account) const;

  /// What RBAC says; rights that do not come from the cloud are in authorization.hpp.
  [[nodiscard]] Decision decide(const User& user, const Attributes& attributes) const;

  /// All rules for a user in a namespace (empty: only those of the whole cluster), and what could not be
  /// found. The pointers live until the next change.
  struct RulesOf {
    std::vector<const PolicyRule*> rules;
    std::string problem;
  };
  [[nodiscard]] RulesOf rules_of(const User& user, std::string_view ns) const;

 private:
  using Key = std::pair<std::string, std::string>;  ///< namespace, name
  struct Subject {
    std::string kind, ns, name;
  };
  /// A RoleBinding, or a ClusterRoleBinding, with the rules of its role.
  struct Binding {
    std::string ns, name;  ///< of a ClusterRoleBinding without namespace
    std::string role_kind, role_name;
    std::vector<Subject> subjects;
    std::vector<PolicyRule> rules;
  };
  struct Object {
    std::string account, account_uid;
    std::vector<Binding> bindings, cluster_bindings;
    std::size_t rules = 0;  ///< in all bindings
  };
  struct Index;
  struct Grant;
  struct Entry;

  [[nodiscard]] const Index& index() const;
  /// The bindings of the cluster, then of the namespace, that have the user as a subject.
  [[nodiscard]] std::vector<const Entry*> entries_of(const User& user, std::string_view ns) const;

  std::vector<Binding> read_bindings(const Json& access, bool is_cluster, Object& into);
  std::optional<Binding> read_binding(const Json& item, bool is_cluster, Object& into);
  void complain(std::string_view why);

  std::map<Key, Object> objects_;
  mutable std::unique_ptr<const Index> index_;  ///< null after a change
  log::Quiet complaints_;
};

}  // namespace edgecore::metaserver
