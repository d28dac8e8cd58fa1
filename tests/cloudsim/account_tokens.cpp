// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/account_tokens.hpp"

#include <chrono>

#include "edgecore/base/uuid.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::cloudsim {
namespace {

constexpr char kIssuer[] = "https://kubernetes.default.svc.cluster.local";

std::int64_t seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

Json request_token(const Cluster& cluster, const Authority& authority, const std::string& ns,
                   const std::string& account, const Json& request) {
  const Object stored = cluster.get(kind_named("ServiceAccount"), ns, account);
  Json spec = kube::object_or_empty(request, "spec");
  if (kube::array_or_empty(spec, "audiences").empty()) spec["audiences"] = Json::array({kIssuer});
  const std::int64_t lifetime = kube::int_or(spec, "expirationSeconds", 3600);
  if (lifetime < 600) {
    throw ApiError(
        kube::Status::invalid("TokenRequest", "",
                              {{"FieldValueInvalid", "may not specify a duration less than 10 minutes",
                                "spec.expirationSeconds"}}));
  }
  spec["expirationSeconds"] = lifetime;
  const WallTime now = cluster.now();
  const WallTime expiry = now + std::chrono::seconds(lifetime);

  Json identity = {{"namespace", ns}, {"serviceaccount", {{"name", account}, {"uid", uid_of(*stored)}}}};
  if (const Json* bound = kube::find_path(spec, "boundObjectRef");
      bound && kube::string_or(*bound, "kind") == "Pod") {
    const std::string name = kube::string_or(*bound, "name");
    const std::string uid = kube::string_or(*bound, "uid");
    const Object pod = cluster.get(kind_named("Pod"), ns, name);
    if (!uid.empty() && uid != uid_of(*pod)) {
      throw ApiError(
          kube::Status::conflict("serviceaccounts", account,
                                 "the UID in the bound object reference (" + uid +
                                     ") does not match the UID in record. The object might have been "
                                     "deleted and then recreated"));
    }
    identity["pod"] = {{"name", name}, {"uid", uid_of(*pod)}};
  }
  Json claims = {{"iss", kIssuer},
                 {"aud", spec["audiences"]},
                 {"sub", "system:serviceaccount:" + ns + ":" + account},
                 {"iat", seconds(now)},
                 {"nbf", seconds(now)},
                 {"exp", seconds(expiry)},
                 {"jti", uuid_v4()},
                 {"kubernetes.io", std::move(identity)}};
  Json answer = {{"kind", "TokenRequest"}, {"apiVersion", "authentication.k8s.io/v1"}};
  answer["metadata"] = {{"name", account}, {"namespace", ns}, {"creationTimestamp", kube::format_time(now)}};
  answer["spec"] = std::move(spec);
  answer["status"] = {{"token", authority.account_token(claims)},
                      {"expirationTimestamp", kube::format_time(expiry)}};
  return answer;
}

}  // namespace edgecore::cloudsim
