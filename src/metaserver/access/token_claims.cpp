// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/token_claims.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/names.hpp"
#include "edgecore/net/jws.hpp"

namespace edgecore::metaserver {
namespace {

using std::chrono::seconds;

constexpr seconds kLeeway{60};
constexpr std::size_t kMaxAudiences = 64;
/// Times are clamped to this (the year 2255) and to the epoch, so that arithmetic on WallTime does not
/// overflow.
constexpr std::int64_t kLastSecond = 9'000'000'000;
constexpr kube::JsonLimits kPartLimits{.max_bytes = kMaxTokenBytes, .max_depth = 8, .max_values = 1000};

constexpr std::array<std::string_view, 9> kAlgorithms{"RS256", "RS384", "RS512", "PS256", "PS384",
                                                      "PS512", "ES256", "ES384", "ES512"};

WallTime time_of(std::int64_t second) {
  return WallTime(seconds(std::clamp(second, std::int64_t{0}, kLastSecond)));
}

/// A NumericDate (RFC 7519 §2): a number, perhaps with a fraction.
std::optional<std::int64_t> date_at(const Json& payload, const char* claim) {
  const Json* found = kube::find_keys(payload, {claim});
  if (found == nullptr) return std::nullopt;
  if (const auto whole = kube::to_int(*found)) return whole;
  if (found->is_number_float()) {
    const auto number = found->get<double>();
    if (number >= 0 && number <= static_cast<double>(kLastSecond)) {
      return static_cast<std::int64_t>(std::floor(number));
    }
  }
  throw BadInput(std::string("the claim ") + claim + " is not a time");
}

std::vector<std::string> audiences_of(const Json& payload) {
  const Json* found = kube::find_keys(payload, {"aud"});
  if (found == nullptr) return {};
  if (found->is_string()) return {found->get<std::string>()};
  if (!found->is_array() || found->size() > kMaxAudiences) {
    throw BadInput("the claim aud is neither a text nor a short list of them");
  }
  std::vector<std::string> audiences;
  for (const Json& audience : *found) {
    if (!audience.is_string()) throw BadInput("the claim aud holds something other than text");
    audiences.push_back(audience.get<std::string>());
  }
  return audiences;
}

/// An object under `kubernetes.io`. Its name and uid become part of the user, so they must be valid.
std::optional<TokenClaims::Bound> bound_at(const Json& kubernetes, const char* what) {
  const Json* found = kube::find_keys(kubernetes, {what});
  if (found == nullptr) return std::nullopt;
  TokenClaims::Bound bound{kube::get_string(*found, "name"), kube::get_string(*found, "uid")};
  if (!kube::is_dns_subdomain(bound.name))
    throw BadInput(std::string("the name of its ") + what + " is not valid");
  if (bound.uid.empty()) throw BadInput(std::string("its ") + what + " has no uid");
  return bound;
}

/// The text of the parser's exception would quote the token.
Json json_part(const std::string& text, const char* what) {
  try {
    return kube::parse_json(text, what, kPartLimits);
  } catch (const BadInput&) {
    throw BadInput(std::string(what) + " is not JSON");
  }
}

std::string algorithm_of(const std::string& header_text) {
  const Json header = json_part(header_text, "its header");
  const std::string algorithm = kube::get_string(header, "alg");
  if (std::ranges::find(kAlgorithms, algorithm) == kAlgorithms.end()) {
    throw BadInput("its signature algorithm is not one of public keys");
  }
  if (header.contains("crit")) throw BadInput("its header has critical extensions");
  return algorithm;
}

}  // namespace

TokenClaims TokenClaims::from_json(const Json& payload) {
  TokenClaims claims;
  claims.issuer = kube::get_string(payload, "iss");
  claims.audiences = audiences_of(payload);
  const auto expires = date_at(payload, "exp");
  if (!expires) throw BadInput("it has no expiry");
  claims.expires = *expires;
  claims.not_before = date_at(payload, "nbf");
  claims.issued_at = date_at(payload, "iat");

  const Json* kubernetes = kube::find_keys(payload, {"kubernetes.io"});
  if (kubernetes == nullptr || !kubernetes->is_object()) throw BadInput("it names no service account");
  claims.ns = kube::get_string(*kubernetes, "namespace");
  // Without this "a:b" could be read as two names in system:serviceaccount:<namespace>:<name>.
  if (!kube::is_dns_label(claims.ns)) throw BadInput("its namespace is not a valid name");
  auto account = bound_at(*kubernetes, "serviceaccount");
  if (!account) throw BadInput("it names no service account");
  claims.service_account = std::move(*account);
  claims.pod = bound_at(*kubernetes, "pod");
  claims.secret = bound_at(*kubernetes, "secret");

  const auto subject = kube::optional_string(payload, "sub");
  if (subject && *subject != "system:serviceaccount:" + claims.ns + ":" + claims.service_account.name) {
    throw BadInput("its subject is not its service account");
  }
  return claims;
}

ServiceAccountToken ServiceAccountToken::parse(std::string_view text) {
  net::CompactToken parts = net::parse_compact(text, kMaxTokenBytes);
  ServiceAccountToken token;
  token.algorithm = algorithm_of(parts.header_text);
  token.claims = TokenClaims::from_json(json_part(parts.payload_text, "its payload"));
  token.signing_input = std::move(parts.signing_input);
  token.signature = std::move(parts.signature);
  return token;
}

WallTime last_moment(const TokenClaims& claims) {
  return time_of(claims.expires) + kLeeway;
}

std::optional<WallTime> issue_time(const TokenClaims& claims) {
  if (!claims.issued_at) return std::nullopt;
  return time_of(*claims.issued_at);
}

TokenTime judge_time(const TokenClaims& claims, WallTime now) {
  if (now > last_moment(claims)) return TokenTime::kExpired;
  for (const auto& from : {claims.not_before, claims.issued_at}) {
    if (from && now + kLeeway < time_of(*from)) return TokenTime::kNotYet;
  }
  return TokenTime::kGood;
}

std::vector<std::string> common_audiences(const TokenClaims& claims,
                                          const std::vector<std::string>& accepted) {
  if (claims.audiences.empty()) return accepted;
  std::vector<std::string> common;
  for (const std::string& audience : claims.audiences) {
    if (std::ranges::find(accepted, audience) != accepted.end()) common.push_back(audience);
  }
  return common;
}

}  // namespace edgecore::metaserver
