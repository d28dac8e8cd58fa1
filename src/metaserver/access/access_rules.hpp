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

/// Whether an action is allowed. `reason`: the rule that allows it; if none does, the problem that was found
/// ("RBAC: role a/b not found"), or "".
struct Decision {
  bool allowed = false;
  std::string reason;
};

/// The rules of all ServiceAccountAccess objects of this node (protocol/03-metaserver.md §4.3, §4.4): the
/// cluster's RBAC as far as it concerns the service accounts of pods here. The bindings of all objects are
/// one set; of a binding or role that comes with several objects the first one counts, ordered by the
/// objects' namespace and name.
///
/// Single-threaded: belongs to metaserver's thread. The first decide() after a change builds a new index;
/// each costs a look-up for the user and each group.
class AccessRules {
 public:
  AccessRules();
  ~AccessRules();
  AccessRules(const AccessRules&) = delete;
  AccessRules& operator=(const AccessRules&) = delete;

  /// Adds or replaces one object. Malformed parts are left out and logged (rate-limited): that can only take
  /// rights away. An object without a name is ignored, one above the limits counts as empty.
  void put(const Json& access);
  void remove(std::string_view ns, std::string_view name);
  void clear();
  [[nodiscard]] std::size_t size() const { return objects_.size(); }

  /// The uid of a service account that pods on this node use, from the cloud's last object; nullopt
  /// without one.
  [[nodiscard]] std::optional<std::string> account_uid(std::string_view ns, std::string_view account) const;

  /// Decides by the cluster's RBAC; rights that do not come from the cloud are in authorization.hpp.
  [[nodiscard]] Decision decide(const User& user, const Attributes& attributes) const;

  /// All rules for a user in a namespace (empty: only those of the whole cluster), and what could not be
  /// resolved. The pointers are valid until the next change.
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
