// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/token_cache.hpp"

#include <algorithm>

namespace edgecore::edged {
namespace {

constexpr std::chrono::seconds kFirstTokenRetry{30};
constexpr std::chrono::seconds kLongestTokenRetry{300};
constexpr std::chrono::hours kOldest{24};

}  // namespace

WallTime renewal_time(const TokenAnswer& token) {
  return token.issued + std::min<WallTime::duration>((token.expires - token.issued) / 5 * 4, kOldest);
}

const TokenAnswer* TokenCache::find(const std::string& uid, const TokenKey& key) const {
  const auto pod = pods_.find(uid);
  if (pod == pods_.end()) return nullptr;
  const auto kept = pod->second.find(key);
  return kept == pod->second.end() ? nullptr : &kept->second.answer;
}

bool TokenCache::due(const std::string& uid, const TokenKey& key, WallTime now) const {
  const auto pod = pods_.find(uid);
  if (pod == pods_.end()) return true;
  const auto kept = pod->second.find(key);
  return kept == pod->second.end() || kept->second.answer.refused || now >= kept->second.due;
}

const TokenAnswer& TokenCache::put(const std::string& uid, const TokenKey& key, TokenAnswer answer,
                                   WallTime now) {
  Kept& kept = pods_[uid][key];
  const bool had_one = !kept.answer.refused && !kept.answer.token.empty();
  const bool newer = !answer.refused && (!had_one || answer.expires >= kept.answer.expires);
  if (newer || !had_one) kept.answer = std::move(answer);
  kept.due = renewal_time(kept.answer);
  if (!kept.answer.refused && newer && kept.due > now) {
    kept.retry = std::chrono::seconds(0);
    return kept.answer;
  }
  // Refused, or the new token is due for renewal itself: an expired one from the local row, or a wrong clock.
  kept.retry = std::clamp(kept.retry * 2, kFirstTokenRetry, kLongestTokenRetry);
  kept.due = now + kept.retry;
  return kept.answer;
}

std::optional<WallTime> TokenCache::next(const std::string& uid) const {
  const auto pod = pods_.find(uid);
  if (pod == pods_.end()) return std::nullopt;
  std::optional<WallTime> earliest;
  for (const auto& [key, kept] : pod->second) {
    if (!earliest || kept.due < *earliest) earliest = kept.due;
  }
  return earliest;
}

}  // namespace edgecore::edged
