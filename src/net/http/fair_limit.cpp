// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/fair_limit.hpp"

namespace edgecore::net {

FairLimit::Share FairLimit::share_of(const std::string& address) {
  if (most_ == 0) return {};
  auto& peer = *peers_.try_emplace(address).first;
  ++peer.second.shares;
  return {*this, peer};
}

FairLimit::Share& FairLimit::Share::operator=(Share&& other) noexcept {
  if (this == &other) return *this;
  end();
  limit_ = std::exchange(other.limit_, nullptr);
  peer_ = std::exchange(other.peer_, nullptr);
  held_ = std::exchange(other.held_, 0);
  return *this;
}

bool FairLimit::Share::resize(std::size_t count) {
  if (limit_ == nullptr) return true;
  std::size_t& own = peer_->second.held;
  if (count > held_) {
    const std::size_t more = count - held_;
    const std::size_t free = limit_->most_ - limit_->held_;
    if (more > free || own + more > limit_->weight_ * (free - more)) return false;
  }
  limit_->held_ += count - held_;
  own += count - held_;
  held_ = count;
  return true;
}

void FairLimit::Share::end() noexcept {
  if (limit_ == nullptr) return;
  limit_->held_ -= held_;
  peer_->second.held -= held_;
  if (--peer_->second.shares == 0) limit_->peers_.erase(limit_->peers_.find(peer_->first));
  limit_ = nullptr;
  held_ = 0;
}

}  // namespace edgecore::net
