// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "edgecore/base/clock.hpp"

namespace edgecore::metaserver {

/// Objects that the cloud has just said it does not have: for a moment it is not asked again. Bounded.
/// Belongs to ObjectReader.
class MissingObjects {
 public:
  static constexpr std::chrono::seconds kFor{2};
  static constexpr std::size_t kMost = 1024;

  void add(const std::string& key, SteadyTime now) {
    if (until_.size() >= kMost) std::erase_if(until_, [&](const auto& item) { return item.second <= now; });
    if (until_.size() >= kMost) until_.clear();
    until_[key] = now + kFor;
  }
  /// It was created through this node.
  void remove(const std::string& key) { until_.erase(key); }
  [[nodiscard]] bool contains(const std::string& key, SteadyTime now) const {
    const auto at = until_.find(key);
    return at != until_.end() && now < at->second;
  }
  [[nodiscard]] std::size_t size() const { return until_.size(); }

 private:
  std::unordered_map<std::string, SteadyTime> until_;
};

}  // namespace edgecore::metaserver
