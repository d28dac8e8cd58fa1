// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace edgecore::servicebus {

/// Limit of bytes that several holders share. One thread; outlives its shares.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t bytes) : free_(bytes) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

 private:
  friend class ByteShare;
  std::size_t free_;
};

/// One holder's share of a budget; the destructor returns it.
class ByteShare {
 public:
  explicit ByteShare(ByteBudget& budget) : budget_(&budget) {}
  ByteShare(const ByteShare&) = delete;
  ByteShare& operator=(const ByteShare&) = delete;
  ~ByteShare() { budget_->free_ += held_; }

  /// Takes `bytes` more; false, and takes nothing, if the budget has less left.
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
