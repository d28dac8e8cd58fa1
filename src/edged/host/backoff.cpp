// SPDX-License-Identifier: Apache-2.0
#include "edged/host/backoff.hpp"

#include <algorithm>

namespace edgecore::edged {

bool Backoff::rested(const Entry& entry, std::optional<WallTime> event) const {
  if (event && *event <= clock_.wall()) return *event - entry.wall > 2 * longest_;
  return clock_.steady() - entry.steady > 2 * longest_;
}

std::optional<Backoff::Duration> Backoff::waiting_since(const std::string& key, WallTime event) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || rested(found->second, event)) return std::nullopt;
  Duration elapsed = clock_.wall() - event;
  if (elapsed < Duration::zero()) elapsed = clock_.steady() - found->second.steady;
  return elapsed < found->second.pause ? std::optional(found->second.pause) : std::nullopt;
}

std::optional<Backoff::Duration> Backoff::waiting(const std::string& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  const Duration elapsed = clock_.steady() - found->second.steady;
  return elapsed < found->second.pause ? std::optional(found->second.pause) : std::nullopt;
}

void Backoff::advance(const std::string& key, std::optional<WallTime> event) {
  const auto [at, is_new] = entries_.try_emplace(key);
  Entry& entry = at->second;
  const bool first = is_new || rested(entry, event);
  entry = {first ? first_ : std::min(entry.pause * 2, longest_), clock_.wall(), clock_.steady()};
}

void Backoff::forget_idle() {
  std::erase_if(entries_, [this](const auto& one) { return rested(one.second, std::nullopt); });
}

}  // namespace edgecore::edged
