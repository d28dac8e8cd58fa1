// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "edgecore/beehive/bus.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/status.hpp"

namespace edgecore::edged {

/// An answer of metamanager: the object, or why it was refused: by the cloud, without a connection
/// (ServiceUnavailable), or without an answer in time (Timeout).
struct MetaAnswer {
  Json object;
  std::optional<kube::Status> refused;

  [[nodiscard]] bool ok() const { return !refused; }
  [[nodiscard]] bool refused_as(std::string_view reason) const { return refused && refused->is(reason); }
};

/// Limit of concurrent requests for a caller that asks about each of many pods.
inline constexpr std::size_t kAskedAtOnce = 16;

/// edged's client for the cluster's objects (docs/messages.md "edged → metamanager"). Stateless. Coroutines
/// on the module's executor call it, any number at a time.
class MetaClient {
 public:
  explicit MetaClient(beehive::Bus& bus) : bus_(bus) {}

  /// The cloud's time-out, twice (metamanager asks twice, protocol/05-edged.md §3.1), plus a margin.
  static constexpr std::chrono::seconds kAnswerWithin{125};

  /// One request. Throws only if it is cancelled or the bus has stopped.
  boost::asio::awaitable<MetaAnswer> ask(std::string operation, std::string resource, Json content,
                                         std::chrono::milliseconds within = kAnswerWithin);

  /// A query for `<ns>/<type>/<name>`; an empty name asks for the list.
  boost::asio::awaitable<MetaAnswer> get(const std::string& ns, const std::string& type,
                                         const std::string& name);

 private:
  beehive::Bus& bus_;
};

}  // namespace edgecore::edged
