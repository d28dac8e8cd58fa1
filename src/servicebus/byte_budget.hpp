// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace edgecore::servicebus {

/// How many bytes several holders may have together. One thread; outlives its shares.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t bytes) : free_(bytes) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

 private:
  friend class ByteShare;
  std::size_t free_;
};

/// One holder's part of a budget, given back with the object.
class ByteShare {
 public:
  explicit ByteShare(ByteBudget& budget) : budget_(&budget) {}
  ByteShare(const ByteShare&) = delete;
  ByteShare& operator=(const ByteShare&) = delete;
  ~ByteShare() { budget_->free_ += held_; }

  /// False, and nothing is taken, when there is not so much left.
  [[nodiscard]] bool grow(std::size_t bytes) {
    if (bytes > budget_->free_) return false;
    budget_->free_ -= bytes;
    held_ += bytes;
    return true;
  }

 private:
  ByteBudget* budget_;
  std::size_t held_ = 0;
};

}  // namespace edgecore::servicebus
