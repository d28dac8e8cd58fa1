// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "edgecore/kube/status.hpp"
#include "metaserver/access/access_rules.hpp"
#include "metaserver/access/user.hpp"

namespace edgecore::metaserver {

/// The rights of every authenticated user without any binding: health, version and API documents, and reviews
/// of the user's own rights. A cluster binds them to system:authenticated; such bindings are never sent to
/// nodes (protocol/03-metaserver.md §4.4, "Do better").
[[nodiscard]] const std::vector<PolicyRule>& everybodys_rules();

/// Whether a user may do an action, with the gate requireAuthorization on: members of system:masters always
/// may, others by everybodys_rules() or by RBAC.
[[nodiscard]] Decision authorize(const AccessRules& rules, const User& user, const Attributes& attributes);

/// The 403 for a refused action, in the API server's words; `reason` is the Decision's. The answer needs
/// the header `X-Content-Type-Options: nosniff`.
[[nodiscard]] kube::Status forbidden_status(const User& user, const Attributes& attributes,
                                            std::string_view reason);

[[nodiscard]] bool is_in_group(const User& user, std::string_view group);

}  // namespace edgecore::metaserver
