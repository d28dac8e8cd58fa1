// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/json.hpp"
#include "metaserver/access/access_rules.hpp"
#include "metaserver/access/authentication.hpp"
#include "metaserver/access/user.hpp"
#include "metaserver/http/review_groups.hpp"

namespace edgecore::metaserver {

/// Reviews of rights and identities, which are "created" and never stored: groups authorization.k8s.io
/// and authentication.k8s.io, both v1 (protocol/03-metaserver.md §6.2 row 19). Pure functions: the body of
/// the POST in, the answer (201) out. The caller has authorized the request, like any create.
/// They throw ApiError: 400 for a body of another kind, 422 for one that names nothing to review, or too
/// much.

/// The caller and the rules that apply.
struct ReviewContext {
  const User& user;          ///< the caller; with the gate off everybody is admin
  const AccessRules* rules;  ///< null with the gate requireAuthorization off: everybody may do everything
  /// Checks a token for audiences (TokenAuthenticator::check). Empty with the gate off: then no token can be
  /// verified here, and TokenReview is answered 503.
  std::function<Authentication(std::string_view token, const std::vector<std::string>& audiences)>
      check_token = nullptr;
};

/// May the caller do this? (kubectl auth can-i)
[[nodiscard]] Json self_subject_access_review(const Json& body, const ReviewContext& context);
/// May a given user do this? The answer says so if this node does not have the rules of that user.
[[nodiscard]] Json subject_access_review(const Json& body, const ReviewContext& context);
/// subject_access_review() within the namespace of the path.
[[nodiscard]] Json local_subject_access_review(const Json& body, std::string_view ns,
                                               const ReviewContext& context);
/// The rules of the caller in a namespace. (kubectl auth can-i --list)
[[nodiscard]] Json self_subject_rules_review(const Json& body, const ReviewContext& context);
/// The caller's own name and groups. (kubectl auth whoami)
[[nodiscard]] Json self_subject_review(const Json& body, const ReviewContext& context);
/// The user of a token.
[[nodiscard]] Json token_review(const Json& body, const ReviewContext& context);

/// True for the resources that are answered by answer_review() when created.
[[nodiscard]] bool is_review(std::string_view group, std::string_view resource);
/// Calls the function above that serves a resource; `ns` is the path's.
[[nodiscard]] Json answer_review(std::string_view resource, std::string_view ns, const Json& body,
                                 const ReviewContext& context);

}  // namespace edgecore::metaserver
