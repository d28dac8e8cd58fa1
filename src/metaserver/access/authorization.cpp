// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/authorization.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edgecore/kube/quoted.hpp"
#include "metaserver/access/authentication.hpp"
#include "metaserver/http/review_groups.hpp"

namespace edgecore::metaserver {
namespace {

/// Escapes HTML as the API server does: a browser may show the text.
std::string html_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string what_is_forbidden(const User& user, const Attributes& wanted) {
  const std::string who = kube::quoted(user.name);
  if (!wanted.is_resource) {
    return fmt::format("User {} cannot {} path {}", who, wanted.verb, kube::quoted(wanted.path));
  }
  const std::string resource =
      wanted.subresource.empty() ? wanted.resource : wanted.resource + "/" + wanted.subresource;
  const std::string where =
      wanted.ns.empty() ? "at the cluster scope" : "in the namespace " + kube::quoted(wanted.ns);
  return fmt::format("User {} cannot {} resource {} in API group {} {}", who, wanted.verb,
                     kube::quoted(resource), kube::quoted(wanted.group), where);
}

/// "pods is", "deployments.apps "web" is"; "" for other paths.
std::string subject_of(const Attributes& wanted) {
  if (wanted.resource.empty()) return {};
  std::string subject = wanted.group.empty() ? wanted.resource : wanted.resource + "." + wanted.group;
  if (!wanted.name.empty()) subject += " " + kube::quoted(wanted.name);
  return subject + " is ";
}

}  // namespace

const std::vector<PolicyRule>& everybodys_rules() {
  static const std::vector<PolicyRule> rules{
      {{"get"},
       {},
       {},
       {},
       {"/version", "/version/", "/healthz", "/livez", "/readyz", "/api", "/apis", "/api/*", "/apis/*",
        "/openapi", "/openapi/*"}},
      {{"create"},
       {std::string(kAuthorizationGroup)},
       {"selfsubjectaccessreviews", "selfsubjectrulesreviews"},
       {},
       {}},
      {{"create"}, {std::string(kAuthenticationGroup)}, {"selfsubjectreviews"}, {}, {}},
  };
  return rules;
}

bool is_in_group(const User& user, std::string_view group) {
  return std::ranges::find(user.groups, group) != user.groups.end();
}

Decision authorize(const AccessRules& rules, const User& user, const Attributes& attributes) {
  if (is_in_group(user, group::kMasters)) return {true, {}};
  if (is_in_group(user, group::kAuthenticated) &&
      std::ranges::any_of(everybodys_rules(), [&](const auto& rule) { return rule.allows(attributes); })) {
    return {true, {}};
  }
  return rules.decide(user, attributes);
}

kube::Status forbidden_status(const User& user, const Attributes& attributes, std::string_view reason) {
  const Attributes& wanted = attributes;
  kube::Status status;
  status.code = 403;
  status.reason = kube::reason::kForbidden;
  status.message = (wanted.is_resource ? subject_of(wanted) : std::string()) +
                   "forbidden: " + html_escaped(what_is_forbidden(user, wanted));
  if (!reason.empty()) status.message.append(": ").append(reason);
  if (wanted.is_resource) {
    status.details.kind = wanted.resource;
    status.details.group = wanted.group;
    status.details.name = wanted.name;
  }
  return status;
}

}  // namespace edgecore::metaserver
