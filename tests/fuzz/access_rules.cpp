// SPDX-License-Identifier: Apache-2.0
// ServiceAccountAccess objects, as the cloud sends them, and reviews, as pods do. Input: a JSON array
// [object, review].
#include "metaserver/access/access_rules.hpp"

#include "edgecore/kube/json.hpp"
#include "input.hpp"
#include "metaserver/access/access_reviews.hpp"
#include "metaserver/access/authorization.hpp"
#include "metaserver/http/api_error.hpp"

namespace {

using namespace edgecore;
using namespace edgecore::metaserver;

constexpr const char* kReviews[] = {"selfsubjectaccessreviews",  "subjectaccessreviews",
                                    "localsubjectaccessreviews", "selfsubjectrulesreviews",
                                    "selfsubjectreviews",        "tokenreviews"};

void review(const Json& body, const ReviewContext& context) {
  for (const char* resource : kReviews) {
    try {
      const Json answer = answer_review(resource, "shop", body, context);
      fuzz::hold(answer.contains("status") && answer.contains("kind"));
    } catch (const ApiError& error) {
      fuzz::hold(error.status().code >= 400);
    }
  }
}

}  // namespace

// Both texts as trees, the rules made of the first, and an answer, which repeats the second.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 4 * kJsonTree, .fixed = 64 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  Json both;
  if (!fuzz::accepted([&] { both = kube::parse_json(text); })) return;
  if (!both.is_array() || both.size() != 2) return;

  const User user{
      "system:serviceaccount:shop:web", "u", {"system:serviceaccounts", "system:authenticated"}, {}};
  Attributes asked;
  asked.verb = "get";
  asked.resource = "pods";
  asked.ns = "shop";
  AccessRules rules;
  rules.put(both[0]);
  rules.account_uid("shop", "web");
  const Decision decision = authorize(rules, user, asked);
  if (decision.allowed) fuzz::hold(!rules.rules_of(user, "shop").rules.empty());
  forbidden_status(user, asked, decision.reason);
  review(both[1], {user, &rules, nullptr});
  review(both[1], {user, nullptr, nullptr});
  rules.remove("shop", "web");
}
