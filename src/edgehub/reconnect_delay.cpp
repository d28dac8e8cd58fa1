// SPDX-License-Identifier: Apache-2.0
#include "edgehub/reconnect_delay.hpp"

#include <algorithm>

namespace edgecore::edgehub {

std::chrono::milliseconds ReconnectDelay::next() {
  const auto base = next_;
  next_ = std::min(limits_.longest, next_ * 2);
  random_ ^= random_ << 13U;  // xorshift: jitter needs no quality, only difference between nodes
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  const auto spread = base.count() / 2;
  const auto jitter =
      spread > 0 ? static_cast<std::int64_t>(random_ % static_cast<std::uint64_t>(spread)) - spread / 2 : 0;
  return std::clamp(base + std::chrono::milliseconds(jitter), limits_.first, limits_.longest);
}

void ReconnectDelay::connected(SteadyTime now) {
  connected_at_ = now;
}

void ReconnectDelay::disconnected(SteadyTime now) {
  if (now - connected_at_ >= limits_.stable) next_ = limits_.first;
}

}  // namespace edgecore::edgehub
