// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "edgecore/kube/json.hpp"
#include "metaserver/access/user.hpp"

namespace edgecore::metaserver {

/// One rule of a Role or ClusterRole (rbac.authorization.k8s.io/v1 PolicyRule). A rule can only allow. A
/// plain value.
struct PolicyRule {
  std::vector<std::string> verbs;
  std::vector<std::string> groups, resources;
  std::vector<std::string> names;  ///< empty: every object
  std::vector<std::string> paths;  ///< nonResourceURLs

  /// Throws BadInput if a member has another type.
  static PolicyRule from_json(const Json& rule);

  /// True if the rule allows the action (protocol/03-metaserver.md §4.4): `*` for every verb, group, resource
  /// or path, `res/sub` and `*/sub` for subresources, `/path/*` for what is below.
  [[nodiscard]] bool allows(const Attributes& attributes) const;
};

}  // namespace edgecore::metaserver
