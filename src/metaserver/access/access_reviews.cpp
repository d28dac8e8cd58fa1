// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/access_reviews.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/status.hpp"
#include "metaserver/access/authorization.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::size_t kMaxGroups = 1000;

/// One kind of review.
struct ReviewKind {
  std::string_view group, resource, kind;
};
constexpr ReviewKind kSelfAccess{kAuthorizationGroup, "selfsubjectaccessreviews", "SelfSubjectAccessReview"};
constexpr ReviewKind kAccess{kAuthorizationGroup, "subjectaccessreviews", "SubjectAccessReview"};
constexpr ReviewKind kLocalAccess{kAuthorizationGroup, "localsubjectaccessreviews",
                                  "LocalSubjectAccessReview"};
constexpr ReviewKind kSelfRules{kAuthorizationGroup, "selfsubjectrulesreviews", "SelfSubjectRulesReview"};
constexpr ReviewKind kSelf{kAuthenticationGroup, "selfsubjectreviews", "SelfSubjectReview"};
constexpr ReviewKind kToken{kAuthenticationGroup, "tokenreviews", "TokenReview"};
constexpr std::array kReviewKinds{kSelfAccess, kAccess, kLocalAccess, kSelfRules, kSelf, kToken};

std::string api_version(const ReviewKind& kind) {
  return std::string(kind.group) + "/v1";
}

/// Turns BadInput into a 400 with the same sentence.
template <typename Read>
auto read(const ReviewKind& kind, Read&& body) {
  try {
    return body();
  } catch (const BadInput& bad) {
    bad_request(fmt::format("{} cannot be read: {}", kind.kind, bad.what()));
  }
}

void check_kind(const ReviewKind& kind, const Json& body) {
  read(kind, [&] {
    if (!body.is_object()) throw BadInput("it must be an object");
    const auto given_kind = kube::optional_string(body, "kind").value_or("");
    const auto given_version = kube::optional_string(body, "apiVersion").value_or("");
    if ((!given_kind.empty() && given_kind != kind.kind) ||
        (!given_version.empty() && given_version != api_version(kind))) {
      throw BadInput(
          fmt::format("the body is a {} of {}, not of {}", given_kind, given_version, api_version(kind)));
    }
    return true;
  });
}

/// The review from the request, with `status` added.
Json answer(const ReviewKind& kind, const Json& body, Json status) {
  Json review = {{"kind", kind.kind}, {"apiVersion", api_version(kind)}};
  review["metadata"] = kube::object_or_empty(body, "metadata");
  review["metadata"]["creationTimestamp"] = nullptr;
  if (const Json* spec = kube::find_keys(body, {"spec"})) review["spec"] = *spec;
  review["status"] = std::move(status);
  return review;
}

/// Collects the faults of a review for one 422.
class Findings {
 public:
  explicit Findings(const ReviewKind& kind) : kind_(kind) {}
  void add(std::string field, std::string why) {
    causes_.push_back({"FieldValueInvalid", "Invalid value: " + std::move(why), std::move(field)});
  }
  void raise() {
    if (causes_.empty()) return;
    kube::Status status =
        kube::Status::invalid(fmt::format("{}.{}", kind_.kind, kind_.group), "", std::move(causes_));
    status.details.kind = kind_.kind;
    status.details.group = kind_.group;
    throw ApiError(std::move(status));
  }

 private:
  const ReviewKind& kind_;
  std::vector<kube::StatusCause> causes_;
};

std::string text_at(const Json& value, std::string_view path) {
  return kube::optional_string(value, path).value_or("");
}

std::vector<std::string> bounded_texts_at(const Json& value, std::string_view path) {
  std::vector<std::string> texts;
  if (kube::find_path(value, path) == nullptr) return texts;
  const Json& list = kube::get_array(value, path);
  if (list.size() > kMaxGroups) throw BadInput(fmt::format("\"{}\" is too long", path));
  for (const Json& text : list) {
    if (!text.is_string()) throw BadInput(fmt::format("\"{}\" must hold texts", path));
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

/// The action that an access review is about.
Attributes attributes_of(const ReviewKind& kind, const Json& body) {
  return read(kind, [&] {
    Attributes asked;
    if (kube::find_path(body, "spec.resourceAttributes") != nullptr) {
      const Json& resource = kube::get_object(body, "spec.resourceAttributes");
      asked.verb = text_at(resource, "verb");
      asked.group = text_at(resource, "group");
      asked.resource = text_at(resource, "resource");
      asked.subresource = text_at(resource, "subresource");
      asked.ns = text_at(resource, "namespace");
      asked.name = text_at(resource, "name");
    } else if (kube::find_path(body, "spec.nonResourceAttributes") != nullptr) {
      const Json& path = kube::get_object(body, "spec.nonResourceAttributes");
      asked.is_resource = false;
      asked.verb = text_at(path, "verb");
      asked.path = text_at(path, "path");
    }
    return asked;
  });
}

User subject_of(const ReviewKind& kind, const Json& body) {
  return read(kind, [&] {
    User user;
    user.name = text_at(body, "spec.user");
    user.uid = text_at(body, "spec.uid");
    user.groups = bounded_texts_at(body, "spec.groups");
    return user;
  });
}

void check_attributes(const Json& body, Findings& findings) {
  const bool has_resource = kube::find_path(body, "spec.resourceAttributes") != nullptr;
  const bool has_path = kube::find_path(body, "spec.nonResourceAttributes") != nullptr;
  if (has_resource && has_path) {
    findings.add("spec.nonResourceAttributes", "cannot be specified in combination with resourceAttributes");
  }
  if (!has_resource && !has_path) {
    findings.add("spec.resourceAttributes",
                 "null: exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
}

void check_subject(const User& user, Findings& findings) {
  if (user.name.empty() && user.groups.empty()) {
    findings.add("spec.user", "\"\": at least one of user or group must be specified");
  }
}

/// Whether this node has the rules of a user: it has only those of its pods' service accounts.
bool is_known(const AccessRules& rules, const User& user) {
  constexpr std::string_view kPrefix = "system:serviceaccount:";
  if (is_in_group(user, group::kMasters)) return true;
  if (!user.name.starts_with(kPrefix)) return false;
  const std::string_view account = std::string_view(user.name).substr(kPrefix.size());
  const auto colon = account.find(':');
  return colon != account.npos && rules.account_uid(account.substr(0, colon), account.substr(colon + 1));
}

Json access_status(const User& user, const Attributes& asked, const AccessRules* rules) {
  if (rules == nullptr) return {{"allowed", true}};
  const Decision decision = authorize(*rules, user, asked);
  Json status = {{"allowed", decision.allowed}};
  if (!decision.reason.empty()) status["reason"] = decision.reason;
  if (!decision.allowed && !is_known(*rules, user)) {
    status["evaluationError"] = "this node has only the rules of service accounts that its pods use";
  }
  return status;
}

Json resource_rule(const PolicyRule& rule) {
  Json made = {{"verbs", rule.verbs}, {"apiGroups", rule.groups}, {"resources", rule.resources}};
  if (!rule.names.empty()) made["resourceNames"] = rule.names;
  return made;
}

void add_rule(Json& status, const PolicyRule& rule) {
  if (!rule.resources.empty()) status["resourceRules"].push_back(resource_rule(rule));
  if (!rule.paths.empty()) {
    status["nonResourceRules"].push_back({{"verbs", rule.verbs}, {"nonResourceURLs", rule.paths}});
  }
}

Json user_info(const User& user) {
  Json info = Json::object();
  if (!user.name.empty()) info["username"] = user.name;
  if (!user.uid.empty()) info["uid"] = user.uid;
  if (!user.groups.empty()) info["groups"] = user.groups;
  if (!user.extra.empty()) info["extra"] = user.extra;
  return info;
}

}  // namespace

Json self_subject_access_review(const Json& body, const ReviewContext& context) {
  check_kind(kSelfAccess, body);
  Findings findings(kSelfAccess);
  check_attributes(body, findings);
  findings.raise();
  return answer(kSelfAccess, body,
                access_status(context.user, attributes_of(kSelfAccess, body), context.rules));
}

Json subject_access_review(const Json& body, const ReviewContext& context) {
  check_kind(kAccess, body);
  const User user = subject_of(kAccess, body);
  Findings findings(kAccess);
  check_attributes(body, findings);
  check_subject(user, findings);
  findings.raise();
  return answer(kAccess, body, access_status(user, attributes_of(kAccess, body), context.rules));
}

Json local_subject_access_review(const Json& body, std::string_view ns, const ReviewContext& context) {
  check_kind(kLocalAccess, body);
  const User user = subject_of(kLocalAccess, body);
  const Attributes asked = attributes_of(kLocalAccess, body);
  const std::string given_ns = kube::string_or(body, "metadata.namespace");
  if (!given_ns.empty() && given_ns != ns) {
    bad_request(fmt::format("namespace \"{}\" of the body is not the \"{}\" of the path", given_ns, ns));
  }
  Findings findings(kLocalAccess);
  check_attributes(body, findings);
  check_subject(user, findings);
  if (asked.is_resource && asked.ns != ns) {
    findings.add("spec.resourceAttributes.namespace", "must match metadata.namespace");
  }
  if (!asked.is_resource) findings.add("spec.nonResourceAttributes", "disallowed on this kind of request");
  findings.raise();
  Json review = answer(kLocalAccess, body, access_status(user, asked, context.rules));
  review["metadata"]["namespace"] = ns;
  return review;
}

Json self_subject_rules_review(const Json& body, const ReviewContext& context) {
  check_kind(kSelfRules, body);
  const std::string ns = read(kSelfRules, [&] { return text_at(body, "spec.namespace"); });
  if (ns.empty()) bad_request("no namespace on request");
  Json status = {
      {"resourceRules", Json::array()}, {"nonResourceRules", Json::array()}, {"incomplete", false}};
  if (context.rules == nullptr || is_in_group(context.user, group::kMasters)) {
    add_rule(status, {{"*"}, {"*"}, {"*"}, {}, {}});
    add_rule(status, {{"*"}, {}, {}, {}, {"*"}});
    return answer(kSelfRules, body, std::move(status));
  }
  if (is_in_group(context.user, group::kAuthenticated)) {
    for (const PolicyRule& rule : everybodys_rules()) add_rule(status, rule);
  }
  const auto own = context.rules->rules_of(context.user, ns);
  for (const PolicyRule* rule : own.rules) add_rule(status, *rule);
  if (!own.problem.empty()) {
    status["incomplete"] = true;
    status["evaluationError"] = own.problem;
  }
  return answer(kSelfRules, body, std::move(status));
}

Json self_subject_review(const Json& body, const ReviewContext& context) {
  check_kind(kSelf, body);
  return answer(kSelf, body, {{"userInfo", user_info(context.user)}});
}

Json token_review(const Json& body, const ReviewContext& context) {
  check_kind(kToken, body);
  const auto [token, audiences] = read(kToken, [&] {
    return std::pair(text_at(body, "spec.token"), bounded_texts_at(body, "spec.audiences"));
  });
  if (token.empty()) bad_request("token is required for TokenReview in authentication");
  if (!context.check_token) {
    throw ApiError(kube::Status::service_unavailable(
        "this node checks no tokens; turn the feature gate requireAuthorization on"));
  }
  const Authentication found = context.check_token(token, audiences);
  Json status = {{"authenticated", found.user != nullptr}};
  status["user"] = found.user ? user_info(*found.user) : Json::object();
  if (found.user && !found.audiences.empty()) status["audiences"] = found.audiences;
  if (!found.user) status["error"] = found.reason;
  return answer(kToken, body, std::move(status));
}

bool is_review(std::string_view group, std::string_view resource) {
  return std::ranges::any_of(
      kReviewKinds, [&](const ReviewKind& kind) { return kind.group == group && kind.resource == resource; });
}

Json answer_review(std::string_view resource, std::string_view ns, const Json& body,
                   const ReviewContext& context) {
  if (resource == kSelfAccess.resource) return self_subject_access_review(body, context);
  if (resource == kAccess.resource) return subject_access_review(body, context);
  if (resource == kLocalAccess.resource) return local_subject_access_review(body, ns, context);
  if (resource == kSelfRules.resource) return self_subject_rules_review(body, context);
  if (resource == kSelf.resource) return self_subject_review(body, context);
  if (resource == kToken.resource) return token_review(body, context);
  throw ApiError(kube::Status::not_found(resource, ""));
}

}  // namespace edgecore::metaserver
