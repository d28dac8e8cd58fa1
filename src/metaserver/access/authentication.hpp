// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "metaserver/access/stored_tokens.hpp"
#include "metaserver/access/token_claims.hpp"
#include "metaserver/access/user.hpp"

namespace edgecore::metaserver {

/// Groups that every API server has.
namespace group {
inline constexpr char kMasters[] = "system:masters";  ///< may do everything
inline constexpr char kAuthenticated[] = "system:authenticated";
inline constexpr char kServiceAccounts[] = "system:serviceaccounts";
}  // namespace group

/// The administrator of the node, who has the node's client certificate (protocol/03-metaserver.md §5.2). The
/// caller has verified the certificate.
[[nodiscard]] User node_admin(std::string_view common_name);

/// The token of `Authorization: Bearer <token>`; nullopt for every other scheme or form.
[[nodiscard]] std::optional<std::string_view> bearer_token(std::string_view authorization);

/// The user of a request, or the reason why it has none. `reason` is a clause for the audit log, without any
/// part of the token; the client gets 401 Unauthorized and nothing else.
struct Authentication {
  std::shared_ptr<const User> user;    ///< null: not authenticated
  std::vector<std::string> audiences;  ///< those of the token that were asked for; empty out of a cache
  std::string reason;
};

/// Authenticates pods by their service account tokens (protocol/03-metaserver.md §4.2, with the gate
/// requireAuthorization on). With keys, one of them must have signed the token; without keys, this node must
/// have got the token for the same pod. In both cases the claims must be valid, the service account must be
/// known here with the same uid, and a pod or secret that the token is bound to must still exist.
///
/// Single-threaded: belongs to metaserver's thread. A valid token is cached for some seconds, never beyond
/// its expiry; the owner calls invalidate_all() when a pod, secret, ServiceAccountAccess or stored token
/// changes.
class TokenAuthenticator {
 public:
  /// True if one of the issuer's keys made the signature (net::VerificationKeys::verifies).
  using Verifier = std::function<bool(std::string_view signing_input, std::string_view algorithm,
                                      std::string_view signature)>;
  /// A pod or secret as it is stored.
  struct Found {
    std::string uid;
    std::optional<WallTime> deleted_at;  ///< metadata.deletionTimestamp
  };
  using Find = std::function<std::optional<Found>(std::string_view ns, std::string_view name)>;

  struct Options {
    std::vector<std::string> issuers;
    std::vector<std::string> audiences;  ///< empty: the issuers
    Verifier verifier;                   ///< none: only tokens this node got itself
    /// True while the cloud cannot issue new tokens. Then an expired token is still accepted if this node got
    /// it for a pod that is here: what worked online goes on working (pains.md row 10). Empty: never.
    std::function<bool()> may_be_expired;
  };
  struct Lookups {
    Find pod, secret;
    /// spec.serviceAccountUid of the account's ServiceAccountAccess (AccessRules::account_uid).
    std::function<std::optional<std::string>(std::string_view ns, std::string_view service_account)>
        account_uid;
  };

  /// `stored` and `clock` must outlive this. Throws Error without issuers or without a look-up.
  TokenAuthenticator(Options options, Lookups lookups, const StoredTokens& stored, const Clock& clock);
  TokenAuthenticator(const TokenAuthenticator&) = delete;
  TokenAuthenticator& operator=(const TokenAuthenticator&) = delete;

  /// The cached user of this header. Null if there is none; nothing is verified here.
  [[nodiscard]] std::shared_ptr<const User> remembered(std::string_view authorization) const;

  /// The user of this header: remembered(), else by a full check. Passes on what look-ups throw.
  [[nodiscard]] Authentication authenticate(std::string_view authorization);

  /// The check of one token for these audiences (empty: the server's own), without any cache: for
  /// TokenReview.
  [[nodiscard]] Authentication check(std::string_view token, const std::vector<std::string>& audiences = {});

  /// The claims of a token that is genuine: signed by a key, or got by this node; in its time, of a known
  /// issuer and for this server. Whether the account and the pod are here is not asked: the caller may ask
  /// the cloud for them. nullopt for any other token.
  [[nodiscard]] std::optional<TokenClaims> genuine(std::string_view authorization) const;

  /// Drops all cached tokens.
  void invalidate_all();

 private:
  struct Entry {
    std::string digest;
    std::shared_ptr<const User> user;
    SteadyTime until;
    WallTime expires;
  };

  [[nodiscard]] const Entry* cached(const std::string& digest) const;
  void keep(const std::string& digest, std::shared_ptr<const User> user, WallTime expires);
  [[nodiscard]] bool is_current(SteadyTime until, WallTime expires) const;

  /// Why a token is not valid; nullopt if it is.
  using Fault = std::optional<std::string>;
  /// The steps of a full check.
  [[nodiscard]] Fault fault(const ServiceAccountToken& token, std::string_view text,
                            const std::string& digest) const;
  [[nodiscard]] Fault own_fault(const ServiceAccountToken& token, std::string_view text,
                                const std::string& digest) const;
  [[nodiscard]] Fault origin_fault(const ServiceAccountToken& token, StoredTokens::Match stored) const;
  [[nodiscard]] Fault time_fault(const TokenClaims& claims, StoredTokens::Match stored) const;
  [[nodiscard]] Fault binding_fault(const TokenClaims& claims) const;
  [[nodiscard]] Authentication check(std::string_view token, const std::string& digest,
                                     const std::vector<std::string>& audiences, WallTime& expires) const;

  Options options_;
  Lookups lookups_;
  const StoredTokens& stored_;
  const Clock& clock_;
  std::list<Entry> entries_;                                                    ///< oldest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_digest_;  ///< keys live in the entries
};

}  // namespace edgecore::metaserver
