// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

#include "edgecore/net/unsent_answers.hpp"

namespace edgecore::net {

/// A limit for all peers together in which one alone never takes everything: an address may hold as much as
/// is left free, times `weight`. So one address gets at most weight/(weight+1) of it, n of them leave room
/// for the next, and no number has to be chosen for each. One thread; outlives its shares.
class FairLimit {
  struct Peer {
    std::size_t held = 0, shares = 0;
  };
  using Peers = std::unordered_map<std::string, Peer>;

 public:
  /// `most` 0: no limit.
  explicit FairLimit(std::size_t most, std::size_t weight = 1) : most_(most), weight_(weight) {}
  FairLimit(const FairLimit&) = delete;
  FairLimit& operator=(const FairLimit&) = delete;

  /// What one connection holds of the limit; the destructor gives it back.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept { *this = std::move(other); }
    Share& operator=(Share&& other) noexcept;
    ~Share() { end(); }

    /// Holds exactly `count`. False, and holds what it did, if that is too much.
    [[nodiscard]] bool resize(std::size_t count);
    [[nodiscard]] std::size_t held() const { return held_; }

   private:
    friend class FairLimit;
    Share(FairLimit& limit, Peers::value_type& peer) : limit_(&limit), peer_(&peer) {}
    void end() noexcept;

    FairLimit* limit_ = nullptr;  ///< null: no limit
    Peers::value_type* peer_ = nullptr;
    std::size_t held_ = 0;
  };

  /// A share that holds nothing yet.
  [[nodiscard]] Share share_of(const std::string& address);
  [[nodiscard]] std::size_t held() const { return held_; }
  [[nodiscard]] std::size_t addresses() const { return peers_.size(); }

 private:
  std::size_t most_, weight_;
  std::size_t held_ = 0;
  Peers peers_;
};

/// What the peers of HTTP servers may take before and while they are served; several servers may share one.
struct HttpBudget {
  struct Limits {  ///< 0: no limit
    std::size_t connections = 0, unknown = 0, received_bytes = 0, unsent_bytes = 0, unsent_per_client = 0;
  };
  explicit HttpBudget(const Limits& limits)
      : connections(limits.connections, 3),
        unknown(limits.unknown),
        bytes(limits.received_bytes),
        unsent(limits.unsent_bytes, limits.unsent_per_client) {}

  FairLimit connections;
  /// Connections whose first request is not admitted yet: handshakes under way and heads.
  FairLimit unknown;
  /// Received and not yet handled bytes.
  FairLimit bytes;
  /// Answers that are not read.
  UnsentAnswers unsent;
};

}  // namespace edgecore::net
