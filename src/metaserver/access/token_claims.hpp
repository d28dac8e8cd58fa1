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

/// Service account tokens are about 1 KiB; longer ones are refused without parsing.
inline constexpr std::size_t kMaxTokenBytes = std::size_t{16} << 10;

/// The claims of a service account token (protocol/03-metaserver.md §4.2 steps 1 to 5). They prove nothing:
/// TokenAuthenticator checks the signature, the time and the pod. A plain value.
struct TokenClaims {
  /// An object the token is bound to.
  struct Bound {
    std::string name, uid;
    bool operator==(const Bound&) const = default;
  };

  std::string issuer;
  std::vector<std::string> audiences;
  /// Seconds since the Unix epoch. TokenRequest always gives an expiry, so a token without one is
  /// refused.
  std::int64_t expires = 0;
  std::optional<std::int64_t> not_before, issued_at;
  std::string ns;
  Bound service_account;
  std::optional<Bound> pod, secret;

  /// Throws BadInput if a claim is missing, has another type, is not a valid name, or contradicts another
  /// one.
  static TokenClaims from_json(const Json& payload);
  bool operator==(const TokenClaims&) const = default;
};

/// A token taken apart.
struct ServiceAccountToken {
  std::string algorithm;  ///< RS…, PS… or ES…; never "none", never one with a shared secret
  TokenClaims claims;
  std::string signing_input;  ///< the bytes that the signature is of
  std::string signature;      ///< raw bytes

  /// Throws BadInput, without any part of the token in its text, for anything but a compact JWS of at most
  /// kMaxTokenBytes with an asymmetric algorithm, no critical extensions and valid claims.
  static ServiceAccountToken parse(std::string_view text);
};

/// Whether a token is valid at a time: from not_before and issued_at to expires, each with the leeway of the
/// API server, one minute.
enum class TokenTime { kGood, kExpired, kNotYet };
[[nodiscard]] TokenTime judge_time(const TokenClaims& claims, WallTime now);
/// The last time at which judge_time returns kGood.
[[nodiscard]] WallTime last_moment(const TokenClaims& claims);

/// When it was issued; nullopt if it does not say.
[[nodiscard]] std::optional<WallTime> issue_time(const TokenClaims& claims);

/// The audiences that `accepted` and the token have in common, in the order of the token. A token without
/// audiences is for all of `accepted`.
[[nodiscard]] std::vector<std::string> common_audiences(const TokenClaims& claims,
                                                        const std::vector<std::string>& accepted);

}  // namespace edgecore::metaserver
