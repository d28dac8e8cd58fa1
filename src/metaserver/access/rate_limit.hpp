// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/token_bucket.hpp"

namespace edgecore::metaserver {

/// What one client may have of the server. A rate of 0, like a number of 0, is no limit. The numbers are
/// there so that one hostile or mad client leaves room for the others; none of them is met in normal use.
struct RateLimits {
  /// Requests a second, and how many at once after a pause. No limit by itself: what a request costs is
  /// bounded by the others.
  double requests_per_second = 0;
  double requests_burst = 1000;
  /// Requests under way at one time that are no watches and no logs followed.
  std::size_t concurrent_requests = 500;
  /// Watches and followed logs. Each holds a connection and a position in a ring.
  std::size_t concurrent_streams = 6'000;
  /// Bytes of request bodies under way; a body alone may have 3 MiB.
  std::size_t body_bytes = std::size_t{16} << 20;
  /// Requests that become messages to the cloud.
  double cloud_writes_per_second = 50;
  double cloud_writes_burst = 200;
  /// Tokens that turned out bad, each of which may cost a check of a signature.
  double failed_logins_per_second = 5;
  double failed_logins_burst = 100;
  /// Clients that are remembered while they have nothing under way; the one heard of longest ago goes first.
  std::size_t idle_clients = 1'000;

  /// For users, who can be told apart.
  static RateLimits per_user() { return {}; }
  /// For addresses, with the gate requireAuthorization off: everybody on the node may have the same one.
  static RateLimits per_address();
};

/// Counts what clients have under way and how fast they ask. A client is the name of a user, or the address
/// of a peer that is not known. Single-threaded; the caller brings the time. Each refusal is an ApiError
/// (429 TooManyRequests) with the seconds to wait in details.retryAfterSeconds, which belongs into the header
/// Retry-After.
class ClientLimits {
  struct Client;

 public:
  enum class Kind { kRequest, kStream };

  /// A request under way; it is over when the ticket goes. Must not outlive its ClientLimits.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept { *this = std::move(other); }
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket() { give_back(); }

   private:
    friend class ClientLimits;
    Ticket(ClientLimits& limits, Client& client, Kind kind, std::size_t body_bytes)
        : limits_(&limits), client_(&client), kind_(kind), body_bytes_(body_bytes) {}
    void give_back() noexcept;

    ClientLimits* limits_ = nullptr;
    Client* client_ = nullptr;
    Kind kind_ = Kind::kRequest;
    std::size_t body_bytes_ = 0;
  };

  explicit ClientLimits(RateLimits limits) : limits_(limits) {}
  ClientLimits(const ClientLimits&) = delete;
  ClientLimits& operator=(const ClientLimits&) = delete;

  /// Lets a request in. Throws ApiError.
  [[nodiscard]] Ticket enter(std::string_view client, Kind kind, std::size_t body_bytes, SteadyTime now);
  /// Before a write is sent to the cloud. Throws ApiError.
  void cloud_write(std::string_view client, SteadyTime now);

  /// Whether a token of an unknown client may be checked: false while its address has sent too many bad ones.
  /// (Not asked for tokens that are known to be good: an address may be shared with an honest client.)
  [[nodiscard]] bool may_log_in(std::string_view address, SteadyTime now);
  void failed_login(std::string_view address, SteadyTime now);

  [[nodiscard]] std::size_t clients() const { return by_name_.size(); }

 private:
  struct Client {
    Client(std::string_view called, const RateLimits& limits)
        : name(called),
          requests(limits.requests_per_second, limits.requests_burst),
          cloud_writes(limits.cloud_writes_per_second, limits.cloud_writes_burst),
          failed_logins(limits.failed_logins_per_second, limits.failed_logins_burst) {}
    [[nodiscard]] bool is_idle() const { return running + streams == 0; }

    std::string name;
    std::list<Client>::iterator self;
    bool is_filed_busy = false;  ///< which list it is in
    TokenBucket requests, cloud_writes, failed_logins;
    SteadyTime no_login_before;
    std::size_t running = 0, streams = 0, body_bytes = 0;
  };
  using Clients = std::list<Client>;

  Client& client(std::string_view name);
  void leave(Client& client, Kind kind, std::size_t body_bytes) noexcept;
  /// Moves a client to the front of the list it belongs to.
  void file(Client& client) noexcept;
  void forget_idle() noexcept;

  RateLimits limits_;
  Clients idle_, busy_;                                              ///< the one heard of last is first
  std::unordered_map<std::string_view, Clients::iterator> by_name_;  ///< keys live in the clients
};

}  // namespace edgecore::metaserver
