// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "metaserver/access/token_claims.hpp"

namespace edgecore::metaserver {

/// The tokens that this node got for its pods, by their text: the rows of type serviceaccounttoken in table
/// `meta` (protocol/02-metamanager.md §3.9), which the owner adds. Single-threaded. Holds secrets, and gives
/// none of them out.
class StoredTokens {
 public:
  StoredTokens() = default;
  StoredTokens(const StoredTokens&) = delete;
  StoredTokens& operator=(const StoredTokens&) = delete;

  /// The service account and pod of a stored token.
  struct Holder {
    std::string ns, service_account;
    std::string pod_uid;  ///< empty when bound to no pod
  };

  /// Adds or replaces the token of a row. An empty text, or one above kMaxTokenBytes, removes it.
  void put(const std::string& row_key, std::string_view token, Holder holder);
  /// put() for a row as it is stored: its key `"<sa>"/"<ns>"/…` and its value, a TokenRequest. If it is no
  /// such row, removes its token and returns false.
  bool put_row(const std::string& row_key, std::string_view value);
  void remove(const std::string& row_key);
  void clear();
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  /// When the youngest of all tokens ever put in was issued, which has certainly passed; nullopt without one.
  [[nodiscard]] std::optional<WallTime> newest_issue() const { return newest_issue_; }

  enum class Match {
    kNone,    ///< no row has this text
    kOthers,  ///< it was got for another service account or pod than its claims name
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
  void note_issue(std::string_view token);

  std::unordered_map<std::string, Row> rows_;
  std::optional<WallTime> newest_issue_;
  /// Digest to rows: the Go edge and this one may have kept one token under two keys.
  std::unordered_multimap<std::string, const Row*> by_digest_;
};

}  // namespace edgecore::metaserver
