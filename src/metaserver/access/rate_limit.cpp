// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/rate_limit.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "edgecore/kube/status.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

[[noreturn]] void refuse(std::string_view what, nanoseconds wait) {
  const auto whole = std::clamp(std::chrono::ceil<seconds>(wait), seconds(1), seconds(60));
  throw ApiError(kube::Status::too_many_requests(
      fmt::format("Too many requests, please try again later: {}", what), whole.count()));
}

bool is_above(std::size_t wanted, std::size_t limit) {
  return limit != 0 && wanted > limit;
}

}  // namespace

RateLimits RateLimits::per_address() {
  RateLimits limits;
  limits.concurrent_requests = 5'000;
  limits.concurrent_streams = 20'000;
  limits.body_bytes = std::size_t{64} << 20;
  limits.cloud_messages_per_second = 50;
  limits.cloud_messages_burst = 2'000;
  return limits;
}

ClientLimits::Ticket& ClientLimits::Ticket::operator=(Ticket&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  limits_ = std::exchange(other.limits_, nullptr);
  client_ = other.client_;
  kind_ = other.kind_;
  body_bytes_ = other.body_bytes_;
  return *this;
}

void ClientLimits::Ticket::give_back() noexcept {
  if (auto* limits = std::exchange(limits_, nullptr)) limits->leave(*client_, kind_, body_bytes_);
}

ClientLimits::Ticket ClientLimits::enter(std::string_view name, Kind kind, std::size_t body_bytes,
                                         SteadyTime now) {
  Client& from = client(name);
  // The numbers come first: a request that they refuse does not use up the client's rate.
  if (kind == Kind::kStream && is_above(from.streams + 1, limits_.concurrent_streams)) {
    refuse(fmt::format("this client has {} watches open", from.streams), seconds(10));
  }
  if (kind == Kind::kRequest && is_above(from.running + 1, limits_.concurrent_requests)) {
    refuse(fmt::format("this client has {} requests under way", from.running), seconds(1));
  }
  // A single body is always admitted, however large.
  if (from.body_bytes != 0 && is_above(from.body_bytes + body_bytes, limits_.body_bytes)) {
    refuse("this client has too many bytes under way", seconds(1));
  }
  if (const auto wait = from.requests.take(now)) refuse("this client asks too often", *wait);
  ++(kind == Kind::kStream ? from.streams : from.running);
  from.body_bytes += body_bytes;
  file(from);
  return {*this, from, kind, body_bytes};
}

void ClientLimits::to_cloud(std::string_view name, SteadyTime now, unsigned messages) {
  if (const auto wait = client(name).cloud_messages.take(now, messages)) {
    refuse("this client asks the cloud too often", *wait);
  }
}

void ClientLimits::owe_to_cloud(std::string_view name, SteadyTime now, unsigned messages) {
  client(name).cloud_messages.owe(now, messages);
}

bool ClientLimits::may_log_in(std::string_view address, SteadyTime now) {
  const auto found = by_name_.find(address);
  return found == by_name_.end() || now >= found->second->no_login_before;
}

void ClientLimits::failed_login(std::string_view address, SteadyTime now) {
  Client& from = client(address);
  if (const auto wait = from.failed_logins.take(now)) from.no_login_before = now + *wait;
}

ClientLimits::Client& ClientLimits::client(std::string_view name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    file(*found->second);
    return *found->second;
  }
  idle_.emplace_front(name, limits_);
  idle_.front().self = idle_.begin();
  by_name_.emplace(idle_.front().name, idle_.begin());
  forget_idle();
  return idle_.front();
}

void ClientLimits::leave(Client& client, Kind kind, std::size_t body_bytes) noexcept {
  --(kind == Kind::kStream ? client.streams : client.running);
  client.body_bytes -= body_bytes;
  if (!client.is_idle()) return;
  file(client);
  forget_idle();
}

void ClientLimits::file(Client& client) noexcept {
  Clients& from = client.is_filed_busy ? busy_ : idle_;
  client.is_filed_busy = !client.is_idle();
  Clients& to = client.is_filed_busy ? busy_ : idle_;
  to.splice(to.begin(), from, client.self);
}

void ClientLimits::forget_idle() noexcept {
  const std::size_t most = std::max<std::size_t>(limits_.idle_clients, 1);
  while (idle_.size() > most) {
    by_name_.erase(idle_.back().name);
    idle_.pop_back();
  }
}

}  // namespace edgecore::metaserver
