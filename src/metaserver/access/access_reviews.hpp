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

/// Questions about rights and identities, which are "created" and never stored: groups authorization.k8s.io
/// and authentication.k8s.io, both v1 (protocol/03-metaserver.md §6.2 row 19). Pure functions: the body of
/// the POST in, the answer (201) out. Whether the caller may ask is authorized before, like any create.
/// They throw ApiError: 400 for a body that is not of its kind, 422 for one that asks nothing or too much.

/// Who asks, and by what he is judged.
struct ReviewContext {
  const User& user;          ///< the caller; with the gate off the admin that everybody is
  const AccessRules* rules;  ///< null with the gate requireAuthorization off: everybody may do everything
  /// How TokenReview has a token checked for audiences (TokenAuthenticator::check). None with the gate off:
  /// then TokenReview is answered 503, because nothing here can tell a good token, and saying so is safe.
  std::function<Authentication(std::string_view token, const std::vector<std::string>& audiences)>
      check_token = nullptr;
};

/// May I? (kubectl auth can-i)
[[nodiscard]] Json self_subject_access_review(const Json& body, const ReviewContext& context);
/// May somebody? The answer says so when it is about somebody whose rules this node does not have.
[[nodiscard]] Json subject_access_review(const Json& body, const ReviewContext& context);
/// The same within the namespace of the path.
[[nodiscard]] Json local_subject_access_review(const Json& body, std::string_view ns,
                                               const ReviewContext& context);
/// What may I in a namespace? (kubectl auth can-i --list)
[[nodiscard]] Json self_subject_rules_review(const Json& body, const ReviewContext& context);
/// Who am I? (kubectl auth whoami)
[[nodiscard]] Json self_subject_review(const Json& body, const ReviewContext& context);
/// Whose token is this?
[[nodiscard]] Json token_review(const Json& body, const ReviewContext& context);

/// True for the resources that are answered by answer_review() when created.
[[nodiscard]] bool is_review(std::string_view group, std::string_view resource);
/// The function above that belongs to a resource; `ns` is the path's.
[[nodiscard]] Json answer_review(std::string_view resource, std::string_view ns, const Json& body,
                                 const ReviewContext& context);

}  // namespace edgecore::metaserver
