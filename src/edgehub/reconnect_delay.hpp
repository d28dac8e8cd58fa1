// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "edgecore/base/clock.hpp"

namespace edgecore::edgehub {

/// Back-off between connection attempts: doubles from `first` to `longest`, with ±25 % jitter. Resets only
/// after a connection was up for `stable`, so that a cloud which accepts and drops at once is not flooded
/// (pains row 2). Never shorter than `first`: a connection that is opened while the cloud tears down the old
/// one may be closed by mistake (protocol/01-tunnel.md §2.5). Passive.
class ReconnectDelay {
 public:
  struct Limits {
    std::chrono::milliseconds first{1000};
    std::chrono::milliseconds longest{30000};
    std::chrono::milliseconds stable{20000};
  };
  ReconnectDelay(Limits limits, std::uint64_t seed)
      : limits_(limits), random_(seed | 1U), next_(limits.first) {}

  /// The wait before the coming attempt; the one after will be longer.
  std::chrono::milliseconds next();

  void connected(SteadyTime now);
  /// The connection ended: resets to `first` if it had been stable.
  void disconnected(SteadyTime now);
  /// The network changed (link, address or route came up): the next attempt is made after `first` at most.
  void network_up() { next_ = limits_.first; }

 private:
  Limits limits_;
  std::uint64_t random_;
  std::chrono::milliseconds next_;
  SteadyTime connected_at_{};
};

}  // namespace edgecore::edgehub
