// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/time.hpp"
#include "edgecore/net/digest.hpp"

/// Service account tokens as the API server makes them, and as nobody should.
namespace edgecore::metaserver::samples {

inline const WallTime kNow = kube::parse_time("2024-06-10T12:00:00Z").value();
inline constexpr char kIssuer[] = "https://kubernetes.default.svc.cluster.local";

inline std::int64_t seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

/// The payload of a token of pod `shop/web-1` with service account `web`, an hour long from now.
inline Json web_claims() {
  return {{"iss", kIssuer},
          {"aud", Json::array({kIssuer})},
          {"sub", "system:serviceaccount:shop:web"},
          {"iat", seconds(kNow)},
          {"nbf", seconds(kNow)},
          {"exp", seconds(kNow) + 3607},
          {"kubernetes.io",
           {{"namespace", "shop"},
            {"serviceaccount", {{"name", "web"}, {"uid", "sa-uid"}}},
            {"pod", {{"name", "web-1"}, {"uid", "pod-uid"}}},
            {"warnafter", seconds(kNow) + 3000}}}};
}

/// A token with a signature that is only a text.
inline std::string token_of(const Json& claims, const std::string& header = R"({"alg":"ES256","kid":"k"})",
                            const std::string& signature = "signature") {
  return net::base64url(header) + "." + net::base64url(kube::dump_json(claims)) + "." +
         net::base64url(signature);
}

}  // namespace edgecore::metaserver::samples
