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

/// The limits of one client. 0 is no limit. They leave room for the others beside a hostile or broken client,
/// and are far above normal use.
struct RateLimits {
  /// Requests a second, and how many at once after a pause. Unlimited: the other limits bound what a request
  /// costs.
  double requests_per_second = 0;
  double requests_burst = 1000;
  /// Concurrent requests other than watches and followed logs.
  std::size_t concurrent_requests = 500;
  /// Concurrent watches and followed logs. Each holds a connection and a position in a ring.
  std::size_t concurrent_streams = 6'000;
  /// Bytes of the bodies of concurrent requests; one body may have 3 MiB.
  std::size_t body_bytes = std::size_t{16} << 20;
  /// Messages to the cloud, whatever the verb that causes them. At half a kilobyte each, one client takes
  /// less than a gigabyte a day of a metered line.
  double cloud_messages_per_second = 20;
  double cloud_messages_burst = 500;
  /// Invalid tokens, each of which may cost a check of a signature.
  double failed_logins_per_second = 5;
  double failed_logins_burst = 100;
  /// Clients that are remembered without a request; the least recently seen one is forgotten first.
  std::size_t idle_clients = 1'000;

  /// With the gate on: each user is a client.
  static RateLimits per_user() { return {}; }
  /// With the gate off each address is a client: everybody on the node may share one.
  static RateLimits per_address();
};

/// Counts the requests of each client and their rate. A client is the name of a user, or the address of an
/// unknown peer. Single-threaded; the caller brings the time. Each refusal is an ApiError (429
/// TooManyRequests) with the seconds to wait in details.retryAfterSeconds, which belongs into the header
/// Retry-After.
class ClientLimits {
  struct Client;

 public:
  enum class Kind { kRequest, kStream };

  /// Counts a request as running as long as it lives. Must not outlive its ClientLimits.
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

  /// Admits a request. Throws ApiError.
  [[nodiscard]] Ticket enter(std::string_view client, Kind kind, std::size_t body_bytes, SteadyTime now);
  /// Before messages are sent to the cloud. Throws ApiError.
  void to_cloud(std::string_view client, SteadyTime now, unsigned messages = 1);
  /// For messages of a request that cannot be refused any more: the client's next ones wait for them.
  void owe_to_cloud(std::string_view client, SteadyTime now, unsigned messages = 1);

  /// Whether an unknown token may be checked: false while its address has sent too many invalid ones. (Not
  /// called for cached tokens: an honest client may share the address.)
  [[nodiscard]] bool may_log_in(std::string_view address, SteadyTime now);
  void failed_login(std::string_view address, SteadyTime now);

  [[nodiscard]] std::size_t clients() const { return by_name_.size(); }

 private:
  struct Client {
    Client(std::string_view called, const RateLimits& limits)
        : name(called),
          requests(limits.requests_per_second, limits.requests_burst),
          cloud_messages(limits.cloud_messages_per_second, limits.cloud_messages_burst),
          failed_logins(limits.failed_logins_per_second, limits.failed_logins_burst) {}
    [[nodiscard]] bool is_idle() const { return running + streams == 0; }

    std::string name;
    std::list<Client>::iterator self;
    bool is_filed_busy = false;  ///< in `busy_`, not in `idle_`
    TokenBucket requests, cloud_messages, failed_logins;
    SteadyTime no_login_before;
    std::size_t running = 0, streams = 0, body_bytes = 0;
  };
  using Clients = std::list<Client>;

  Client& client(std::string_view name);
  void leave(Client& client, Kind kind, std::size_t body_bytes) noexcept;
  /// Moves a client to the front of the list where it belongs.
  void file(Client& client) noexcept;
  void forget_idle() noexcept;

  RateLimits limits_;
  Clients idle_, busy_;                                              ///< the one heard of last is first
  std::unordered_map<std::string_view, Clients::iterator> by_name_;  ///< keys live in the clients
};

}  // namespace edgecore::metaserver
