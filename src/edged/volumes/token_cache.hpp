// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edged/volumes/volume_content.hpp"

namespace edgecore::edged {

/// The service account tokens in pods' volumes and when each is to be renewed (protocol/05-edged.md §2.4): at
/// 80 % of its life or after 24 h, whichever comes first; after a failed renewal again in 30 s, doubling up
/// to 5 min. A token that could not be renewed is kept, expired or not: offline it is the best there is.
/// Keyed by pod uid. One thread.
class TokenCache {
 public:
  /// The kept token; nullptr when there is none.
  [[nodiscard]] const TokenAnswer* find(const std::string& uid, const TokenKey& key) const;
  /// None is kept, or it is time to try for a newer one.
  [[nodiscard]] bool due(const std::string& uid, const TokenKey& key, WallTime now) const;
  /// Takes in what was answered and returns what is to be used: the new token, else the kept one, else the
  /// refusal. A failure with a token in hand sets the time of the next try.
  const TokenAnswer& put(const std::string& uid, const TokenKey& key, TokenAnswer answer, WallTime now);
  /// The earliest time at which a token of the pod is due.
  [[nodiscard]] std::optional<WallTime> next(const std::string& uid) const;
  void forget(const std::string& uid) { pods_.erase(uid); }

 private:
  struct Kept {
    TokenAnswer answer;
    WallTime due{};
    std::chrono::seconds retry{0};
  };
  std::map<std::string, std::map<TokenKey, Kept>> pods_;
};

/// When a token is to be renewed.
WallTime renewal_time(const TokenAnswer& token);

}  // namespace edgecore::edged
