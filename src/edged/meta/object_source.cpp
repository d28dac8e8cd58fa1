// SPDX-License-Identifier: Apache-2.0
#include "edged/meta/object_source.hpp"

#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::edged {

boost::asio::awaitable<MetaAnswer> MetaObjects::config_map(std::string ns, std::string name) {
  co_return co_await meta_.get(ns, "configmap", name);
}

boost::asio::awaitable<MetaAnswer> MetaObjects::secret(std::string ns, std::string name) {
  co_return co_await meta_.get(ns, "secret", name);
}

boost::asio::awaitable<TokenAnswer> MetaObjects::token(kube::PodPtr pod,
                                                       kube::ServiceAccountTokenProjection projection) {
  std::string account = pod->spec.service_account_name;
  if (account.empty()) account = "default";
  std::string operation = names::operation::kQuery;
  std::string resource = pod->ns + "/serviceaccounttoken/" + account;
  Json request = token_request(*pod, projection);
  MetaAnswer answer = co_await meta_.ask(std::move(operation), std::move(resource), std::move(request));
  TokenAnswer out;
  if (answer.ok()) {
    out = read_token(answer.object, projection);
  } else {
    out.refused = std::move(answer.refused);
  }
  co_return out;
}

Json token_request(const kube::Pod& pod, const kube::ServiceAccountTokenProjection& projection) {
  Json audiences = nullptr;
  if (!projection.audience.empty()) audiences = Json::array({projection.audience});
  const Json bound = {{"kind", "Pod"}, {"apiVersion", "v1"}, {"name", pod.name}, {"uid", pod.uid}};
  return {{"spec",
           {{"audiences", std::move(audiences)},
            {"expirationSeconds", projection.expiration_seconds},
            {"boundObjectRef", bound}}}};
}

TokenAnswer read_token(const Json& filled, const kube::ServiceAccountTokenProjection& projection) {
  TokenAnswer out;
  out.token = kube::string_or(filled, "status.token");
  const auto expires = kube::time_at(filled, "status.expirationTimestamp");
  if (out.token.empty() || !expires) {
    out.refused = kube::Status::internal("the answer to the token request holds no token or no expiry");
    return out;
  }
  // The API server may grant another lifetime than requested; the spec of its answer says which.
  const auto seconds = kube::int_or(filled, "spec.expirationSeconds", projection.expiration_seconds);
  out.expires = *expires;
  out.issued = *expires - std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 1LL << 32));
  return out;
}

}  // namespace edgecore::edged
