// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edged/volumes/volume_content.hpp"

namespace edgecore::edged {

/// The service account tokens of pods' volumes, and when to renew them (protocol/05-edged.md §2.4): at 80 %
/// of the token's life or after 24 h, whichever comes first; after a failure with back-off from 30 s to 5
/// min. Keeps a token that could not be renewed, even expired: offline there is no better one. Keyed by pod
/// UID. One thread.
class TokenCache {
 public:
  /// The kept token; nullptr if there is none.
  [[nodiscard]] const TokenAnswer* find(const std::string& uid, const TokenKey& key) const;
  /// True if no token is kept or it is time to renew it.
  [[nodiscard]] bool due(const std::string& uid, const TokenKey& key, WallTime now) const;
  /// Stores an answer and returns what to use: the new token, else the kept one, else the refusal. A failure
  /// with a kept token sets the time of the next try.
  const TokenAnswer& put(const std::string& uid, const TokenKey& key, TokenAnswer answer, WallTime now);
  /// When the first token of the pod is due.
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
