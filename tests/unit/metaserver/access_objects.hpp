// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "edgecore/kube/json.hpp"
#include "metaserver/access/user.hpp"

/// ServiceAccountAccess objects as the policy controller sends them, and who asks for what.
namespace edgecore::metaserver::samples {

using Texts = std::vector<std::string>;

inline Json rule(const Texts& verbs, const Texts& groups, const Texts& resources) {
  return {{"verbs", verbs}, {"apiGroups", groups}, {"resources", resources}};
}

inline Json binding(const std::string& kind, const std::string& role, const std::vector<Json>& subjects) {
  Json made;
  made["roleRef"] = {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", kind}, {"name", role}};
  made["subjects"] = subjects;
  return made;
}

inline Json role_binding(const std::string& ns, const std::string& name, const std::string& role_kind,
                         const std::string& role, const std::vector<Json>& subjects,
                         const std::vector<Json>& rules) {
  Json made;
  made["roleBinding"] = binding(role_kind, role, subjects);
  made["roleBinding"]["metadata"] = {{"name", name}, {"namespace", ns}};
  made["rules"] = rules;
  return made;
}

inline Json cluster_binding(const std::string& name, const std::string& role_kind, const std::string& role,
                            const std::vector<Json>& subjects, const std::vector<Json>& rules) {
  Json made;
  made["clusterRoleBinding"] = binding(role_kind, role, subjects);
  made["clusterRoleBinding"]["metadata"] = {{"name", name}};
  made["rules"] = rules;
  return made;
}

/// The object of a service account, with bindings of both kinds.
inline Json access(const std::string& ns, const std::string& account, const std::string& uid,
                   const std::vector<Json>& bindings) {
  Json made;
  made["metadata"] = {{"name", account}, {"namespace", ns}};
  made["spec"]["serviceAccount"]["metadata"] = {{"name", account}, {"namespace", ns}};
  made["spec"]["serviceAccountUid"] = uid;
  for (const Json& one : bindings) {
    made["spec"][one.contains("roleBinding") ? "accessRoleBinding" : "accessClusterRoleBinding"].push_back(
        one);
  }
  return made;
}

inline User account_user(const std::string& ns, const std::string& account) {
  User user;
  user.name = "system:serviceaccount:" + ns + ":" + account;
  user.uid = "uid";
  user.groups = {"system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"};
  return user;
}

inline const User kWebUser = account_user("shop", "web");

inline Attributes asks(const std::string& verb, const std::string& resource, const std::string& ns) {
  Attributes asked;
  asked.verb = verb;
  asked.resource = resource;
  asked.ns = ns;
  return asked;
}

inline Attributes asks_path(const std::string& verb, const std::string& path) {
  Attributes asked;
  asked.is_resource = false;
  asked.verb = verb;
  asked.path = path;
  return asked;
}

}  // namespace edgecore::metaserver::samples
