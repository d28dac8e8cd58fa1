// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/authentication.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/net/digest.hpp"
#include "edgecore/net/headers.hpp"

namespace edgecore::metaserver {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMaxEntries = 1000;
constexpr seconds kKeptFor{10};
/// How long tokens of an object that is being deleted stay valid; the API server's leeway.
constexpr seconds kDeletionLeeway{60};

User user_of(const TokenClaims& claims) {
  User user;
  user.name = "system:serviceaccount:" + claims.ns + ":" + claims.service_account.name;
  user.uid = claims.service_account.uid;
  user.groups = {group::kServiceAccounts, std::string(group::kServiceAccounts) + ":" + claims.ns,
                 group::kAuthenticated};
  if (claims.pod) {
    user.extra["authentication.kubernetes.io/pod-name"] = {claims.pod->name};
    user.extra["authentication.kubernetes.io/pod-uid"] = {claims.pod->uid};
  }
  return user;
}

/// Why a token that is bound to this object is not valid; nullopt if it is.
std::optional<std::string> object_fault(const std::string& what,
                                        const std::optional<TokenAuthenticator::Found>& found,
                                        const TokenClaims::Bound& bound, WallTime now) {
  if (!found) return "the " + what + " " + bound.name + " of the token is not on this node";
  if (found->uid != bound.uid) return "the token is of an earlier " + what + " " + bound.name;
  if (found->deleted_at && now - kDeletionLeeway > *found->deleted_at) {
    return "the " + what + " " + bound.name + " of the token is being deleted";
  }
  return std::nullopt;
}

}  // namespace

User node_admin(std::string_view common_name) {
  User admin;
  admin.name = common_name;
  admin.groups = {group::kMasters, group::kAuthenticated};
  return admin;
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  authorization = trimmed(authorization, " \t");
  const auto space = authorization.find(' ');
  if (space == authorization.npos || !iequals(authorization.substr(0, space), "bearer")) {
    return std::nullopt;
  }
  const std::string_view token = trimmed(authorization.substr(space), " \t");
  // Its characters are not checked: with an invalid one it is neither a known token nor one that can be
  // parsed.
  if (token.empty()) return std::nullopt;
  return token;
}

TokenAuthenticator::TokenAuthenticator(Options options, Lookups lookups, const StoredTokens& stored,
                                       const Clock& clock)
    : options_(std::move(options)), lookups_(std::move(lookups)), stored_(stored), clock_(clock) {
  if (options_.issuers.empty()) throw Error("No issuer of service account tokens is configured.");
  if (!lookups_.pod || !lookups_.secret || !lookups_.account_uid) {
    throw Error("The authenticator has no way to look up pods, secrets or service accounts.");
  }
  if (options_.audiences.empty()) options_.audiences = options_.issuers;
}

std::shared_ptr<const User> TokenAuthenticator::remembered(std::string_view authorization) const {
  const auto token = bearer_token(authorization);
  if (!token || token->size() > kMaxTokenBytes) return nullptr;
  const Entry* known = cached(net::sha256(*token));
  return known == nullptr ? nullptr : known->user;
}

Authentication TokenAuthenticator::authenticate(std::string_view authorization) {
  if (auto user = remembered(authorization)) return {std::move(user), {}, {}};
  const auto token = bearer_token(authorization);
  if (!token) return {nullptr, {}, "there is no bearer token"};
  if (token->size() > kMaxTokenBytes) return {nullptr, {}, "the token is too long"};
  const std::string digest = net::sha256(*token);
  WallTime expires;
  Authentication result = check(*token, digest, options_.audiences, expires);
  if (result.user) keep(digest, result.user, expires);
  return result;
}

std::optional<TokenClaims> TokenAuthenticator::genuine(std::string_view authorization) const {
  const auto token = bearer_token(authorization);
  if (!token || token->size() > kMaxTokenBytes) return std::nullopt;
  try {
    auto parsed = ServiceAccountToken::parse(*token);
    if (common_audiences(parsed.claims, options_.audiences).empty()) return std::nullopt;
    if (own_fault(parsed, *token, net::sha256(*token))) return std::nullopt;
    return std::move(parsed.claims);
  } catch (const BadInput&) {
    return std::nullopt;
  }
}

Authentication TokenAuthenticator::check(std::string_view token, const std::vector<std::string>& audiences) {
  WallTime expires;
  return check(token, net::sha256(token.substr(0, kMaxTokenBytes)),
               audiences.empty() ? options_.audiences : audiences, expires);
}

void TokenAuthenticator::invalidate_all() {
  by_digest_.clear();
  entries_.clear();
}

Authentication TokenAuthenticator::check(std::string_view token, const std::string& digest,
                                         const std::vector<std::string>& audiences, WallTime& expires) const {
  try {
    const auto parsed = ServiceAccountToken::parse(token);
    auto common = common_audiences(parsed.claims, audiences);
    if (common.empty()) return {nullptr, {}, "the token is for another audience"};
    if (auto why = fault(parsed, token, digest)) return {nullptr, {}, std::move(*why)};
    // An expired token that is accepted is checked again as often as any other.
    expires = judge_time(parsed.claims, clock_.wall()) == TokenTime::kExpired ? WallTime::max()
                                                                              : last_moment(parsed.claims);
    return {std::make_shared<const User>(user_of(parsed.claims)), std::move(common), {}};
  } catch (const BadInput& bad) {
    return {nullptr, {}, std::string("the token cannot be used: ") + bad.what()};
  }
}

TokenAuthenticator::Fault TokenAuthenticator::fault(const ServiceAccountToken& token, std::string_view text,
                                                    const std::string& digest) const {
  if (auto why = own_fault(token, text, digest)) return why;
  return binding_fault(token.claims);
}

TokenAuthenticator::Fault TokenAuthenticator::own_fault(const ServiceAccountToken& token,
                                                        std::string_view text,
                                                        const std::string& digest) const {
  const TokenClaims& claims = token.claims;
  if (std::ranges::find(options_.issuers, claims.issuer) == options_.issuers.end()) {
    return "the token is of another issuer";
  }
  const auto stored = stored_.match(text, digest, claims);
  if (auto why = time_fault(claims, stored)) return why;
  return origin_fault(token, stored);
}

TokenAuthenticator::Fault TokenAuthenticator::time_fault(const TokenClaims& claims,
                                                         StoredTokens::Match stored) const {
  switch (judge_time(claims, clock_.wall())) {
    case TokenTime::kGood:
      return std::nullopt;
    case TokenTime::kNotYet:
      return "the token is not valid yet";
    case TokenTime::kExpired:
      break;
  }
  const bool is_own = stored == StoredTokens::Match::kGood && claims.pod;
  if (is_own && options_.may_be_expired && options_.may_be_expired()) return std::nullopt;
  return "the token has expired";
}

TokenAuthenticator::Fault TokenAuthenticator::origin_fault(const ServiceAccountToken& token,
                                                           StoredTokens::Match stored) const {
  if (options_.verifier) {
    const bool is_signed = options_.verifier(token.signing_input, token.algorithm, token.signature);
    if (is_signed) return std::nullopt;
    return "none of the configured keys signed the token";
  }
  switch (stored) {
    case StoredTokens::Match::kNone:
      return "this node did not get the token for a pod";
    case StoredTokens::Match::kOthers:
      return "this node got the token for another pod or account than its claims name";
    case StoredTokens::Match::kGood:
      break;
  }
  return std::nullopt;
}

TokenAuthenticator::Fault TokenAuthenticator::binding_fault(const TokenClaims& claims) const {
  const TokenClaims::Bound& account = claims.service_account;
  const auto uid = lookups_.account_uid(claims.ns, account.name);
  if (!uid) return "no ServiceAccountAccess of " + claims.ns + "/" + account.name + " is on this node";
  if (*uid != account.uid) return "the token is of an earlier service account " + account.name;
  const WallTime now = clock_.wall();
  if (claims.secret) {
    const auto found = lookups_.secret(claims.ns, claims.secret->name);
    if (auto why = object_fault("secret", found, *claims.secret, now)) return why;
  }
  if (!claims.pod) return std::nullopt;
  return object_fault("pod", lookups_.pod(claims.ns, claims.pod->name), *claims.pod, now);
}

bool TokenAuthenticator::is_current(SteadyTime until, WallTime expires) const {
  return clock_.steady() < until && clock_.wall() <= expires;
}

const TokenAuthenticator::Entry* TokenAuthenticator::cached(const std::string& digest) const {
  const auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) return nullptr;
  const Entry& entry = *found->second;
  return is_current(entry.until, entry.expires) ? &entry : nullptr;
}

void TokenAuthenticator::keep(const std::string& digest, std::shared_ptr<const User> user, WallTime expires) {
  const auto drop = [this](std::list<Entry>::iterator entry) {
    by_digest_.erase(entry->digest);
    entries_.erase(entry);
  };
  if (const auto old = by_digest_.find(digest); old != by_digest_.end()) drop(old->second);
  const SteadyTime now = clock_.steady();
  while (!entries_.empty() && (entries_.size() >= kMaxEntries || entries_.front().until <= now)) {
    drop(entries_.begin());
  }
  entries_.push_back({digest, std::move(user), now + kKeptFor, expires});
  by_digest_.emplace(entries_.back().digest, std::prev(entries_.end()));
}

}  // namespace edgecore::metaserver
