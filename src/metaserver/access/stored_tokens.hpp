// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "metaserver/access/token_claims.hpp"

namespace edgecore::metaserver {

/// The tokens this node got for its pods, found by their text: the rows of type serviceaccounttoken in table
/// `meta` (protocol/02-metamanager.md §3.9), which the owner feeds in. Single-threaded. Holds secrets; none
/// of its texts goes anywhere.
class StoredTokens {
 public:
  StoredTokens() = default;
  StoredTokens(const StoredTokens&) = delete;
  StoredTokens& operator=(const StoredTokens&) = delete;

  /// Whom a stored token was got for.
  struct Holder {
    std::string ns, service_account;
    std::string pod_uid;  ///< empty when bound to no pod
  };

  /// Takes or replaces the token of a row. An empty text, or one beyond kMaxTokenBytes, only takes the old
  /// one away.
  void put(const std::string& row_key, std::string_view token, Holder holder);
  /// The same out of the row itself: its key `"<sa>"/"<ns>"/…` and its value, a TokenRequest. False, and
  /// nothing is known of the row any more, when it is not such a row.
  bool put_row(const std::string& row_key, std::string_view value);
  void remove(const std::string& row_key);
  void clear();
  [[nodiscard]] std::size_t size() const { return rows_.size(); }

  enum class Match {
    kNone,    ///< no row has this text
    kOthers,  ///< it was got for another service account or pod than it speaks of
    kGood,
  };
  /// `digest` is net::sha256(token). The texts are compared in constant time.
  [[nodiscard]] Match match(std::string_view token, const std::string& digest,
                            const TokenClaims& claims) const;

 private:
  struct Row {
    std::string token, digest;
    Holder holder;
  };
  std::unordered_map<std::string, Row> rows_;
  /// Digest to rows: the Go edge and this one may have kept one token under two keys.
  std::unordered_multimap<std::string, const Row*> by_digest_;
};

}  // namespace edgecore::metaserver
