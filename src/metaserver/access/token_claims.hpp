// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::metaserver {

/// Service account tokens are about 1 KiB; longer ones are refused unread.
inline constexpr std::size_t kMaxTokenBytes = std::size_t{16} << 10;

/// What a service account token says (protocol/03-metaserver.md §4.2 steps 1 to 5). That it says so proves
/// nothing: who made the token, whether its time is now and whether its pod lives is for TokenAuthenticator.
/// A plain value.
struct TokenClaims {
  /// An object the token is bound to.
  struct Bound {
    std::string name, uid;
    bool operator==(const Bound&) const = default;
  };

  std::string issuer;
  std::vector<std::string> audiences;
  /// Seconds since the Unix epoch. TokenRequest always gives an expiry, so a token without one is no token
  /// of a pod.
  std::int64_t expires = 0;
  std::optional<std::int64_t> not_before, issued_at;
  std::string ns;
  Bound service_account;
  std::optional<Bound> pod, secret;

  /// Throws BadInput when a claim is missing, of another type, no name, or contradicts another one.
  static TokenClaims from_json(const Json& payload);
  bool operator==(const TokenClaims&) const = default;
};

/// A token taken apart.
struct ServiceAccountToken {
  std::string algorithm;  ///< RS…, PS… or ES…; never "none", never one with a shared secret
  TokenClaims claims;
  std::string signing_input;  ///< what is signed
  std::string signature;      ///< raw bytes

  /// Throws BadInput, without any part of the token in its text, for what is no compact JWS of at most
  /// kMaxTokenBytes, has an algorithm that cannot prove anything or critical extensions, or has bad claims.
  static ServiceAccountToken parse(std::string_view text);
};

/// When a token may be used: from not_before and issued_at to expires, each with the leeway of the API
/// server, one minute.
enum class TokenTime { kGood, kExpired, kNotYet };
[[nodiscard]] TokenTime judge_time(const TokenClaims& claims, WallTime now);
/// The last moment at which judge_time can say `good`.
[[nodiscard]] WallTime last_moment(const TokenClaims& claims);

/// The audiences that `accepted` and the token have in common, in the order of the token. A token for nobody
/// in particular is for all of `accepted`.
[[nodiscard]] std::vector<std::string> common_audiences(const TokenClaims& claims,
                                                        const std::vector<std::string>& accepted);

}  // namespace edgecore::metaserver
