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

/// An answer of metamanager: the object, or why not. "refused" covers the cloud's refusals, no connection
/// (ServiceUnavailable) and no answer in time (Timeout).
struct MetaAnswer {
  Json object;
  std::optional<kube::Status> refused;

  [[nodiscard]] bool ok() const { return !refused; }
  [[nodiscard]] bool refused_as(std::string_view reason) const { return refused && refused->is(reason); }
};

/// Who has something to ask about each of many pods asks about so many of them at a time.
inline constexpr std::size_t kAskedAtOnce = 16;

/// edged's way to the objects of the cluster (docs/messages.md "edged → metamanager"). Stateless; coroutines
/// of the module's executor call it, any number at a time.
class MetaClient {
 public:
  explicit MetaClient(beehive::Bus& bus) : bus_(bus) {}

  /// metamanager answers within the cloud's time-out, asked twice (protocol/05-edged.md §3.1), plus a margin.
  static constexpr std::chrono::seconds kAnswerWithin{125};

  /// One request. Only cancellation and the bus being stopped throw.
  boost::asio::awaitable<MetaAnswer> ask(std::string operation, std::string resource, Json content,
                                         std::chrono::milliseconds within = kAnswerWithin);

  /// A query for `<ns>/<type>/<name>`; an empty name asks for the list.
  boost::asio::awaitable<MetaAnswer> get(const std::string& ns, const std::string& type,
                                         const std::string& name);

 private:
  beehive::Bus& bus_;
};

}  // namespace edgecore::edged
