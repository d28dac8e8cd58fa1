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

/// Groups that are not a cluster's but every API server's.
namespace group {
inline constexpr char kMasters[] = "system:masters";  ///< may do everything
inline constexpr char kAuthenticated[] = "system:authenticated";
inline constexpr char kServiceAccounts[] = "system:serviceaccounts";
}  // namespace group

/// The owner of the node, known by the node's client certificate (protocol/03-metaserver.md §5.2). Whether
/// the certificate is the node's is judged before.
[[nodiscard]] User node_admin(std::string_view common_name);

/// The token of `Authorization: Bearer <token>`; nullopt for every other scheme or form.
[[nodiscard]] std::optional<std::string_view> bearer_token(std::string_view authorization);

/// Who asks, or why that is not known. The client is told 401 Unauthorized and nothing else: `reason`, a
/// clause without any part of the token, is for the audit log.
struct Authentication {
  std::shared_ptr<const User> user;    ///< null: nobody
  std::vector<std::string> audiences;  ///< those of the token that were asked for; empty out of a cache
  std::string reason;
};

/// What one kept connection remembers of its last request, so that a client that sends the same header again
/// costs no digest. Owned by the connection; of use with one TokenAuthenticator only. Holds a secret.
class ConnectionIdentity {
 private:
  friend class TokenAuthenticator;
  std::string authorization_;
  std::shared_ptr<const User> user_;
  std::uint64_t generation_ = 0;
  SteadyTime until_;
  WallTime expires_;
};

/// Tells pods by their service account tokens (protocol/03-metaserver.md §4.2, with the gate
/// requireAuthorization on). With keys a token counts when one of them signed it; without keys only a token
/// that this node itself got for the same pod counts. In both cases the claims must be in order, the service
/// account must be known here by the same uid, and a pod or secret that the token is bound to must still be
/// there.
///
/// Single-threaded: belongs to metaserver's thread. What was found good is remembered for some seconds, never
/// beyond the token's time; the owner calls invalidate_all() when a pod, secret, ServiceAccountAccess or
/// stored token changes.
class TokenAuthenticator {
 public:
  /// True when one of the issuer's keys made the signature (net::VerificationKeys::verifies).
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
    /// True while the cloud cannot be asked for new tokens. Then a token past its time still counts if this
    /// node got it for a pod that is here: what worked online goes on working (pains.md row 10). None: never.
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

  /// Who was found to send this header a moment ago: by the connection's memory, else by the digest. Null
  /// when that is not known; nothing is verified here.
  [[nodiscard]] std::shared_ptr<const User> remembered(std::string_view authorization,
                                                       ConnectionIdentity& connection);

  /// Who sends this header: remembered(), else checked in full. Passes on what look-ups throw.
  [[nodiscard]] Authentication authenticate(std::string_view authorization, ConnectionIdentity& connection);

  /// The check of one token for these audiences (empty: the server's own), without any cache: for
  /// TokenReview.
  [[nodiscard]] Authentication check(std::string_view token, const std::vector<std::string>& audiences = {});

  /// Everything is checked anew from now on, on all connections.
  void invalidate_all();

 private:
  struct Entry {
    std::string digest;
    std::shared_ptr<const User> user;
    SteadyTime until;
    WallTime expires;
  };

  [[nodiscard]] const Entry* cached(const std::string& digest);
  void keep(const std::string& digest, std::shared_ptr<const User> user, WallTime expires);
  void note(ConnectionIdentity& connection, std::string_view authorization, const Entry& entry) const;
  [[nodiscard]] bool is_current(SteadyTime until, WallTime expires) const;

  /// The steps of a full check; each gives the reason when it fails.
  [[nodiscard]] std::string fault(const ServiceAccountToken& token, std::string_view text,
                                  const std::string& digest) const;
  [[nodiscard]] std::string origin_fault(const ServiceAccountToken& token, StoredTokens::Match stored) const;
  [[nodiscard]] std::string time_fault(const TokenClaims& claims, StoredTokens::Match stored) const;
  [[nodiscard]] std::string binding_fault(const TokenClaims& claims) const;
  [[nodiscard]] Authentication check(std::string_view token, const std::string& digest,
                                     const std::vector<std::string>& audiences, WallTime& expires) const;

  Options options_;
  Lookups lookups_;
  const StoredTokens& stored_;
  const Clock& clock_;
  std::uint64_t generation_ = 1;
  std::list<Entry> entries_;                                                    ///< oldest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_digest_;  ///< keys live in the entries
};

}  // namespace edgecore::metaserver
