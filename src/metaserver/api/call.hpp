// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/kube/api_resources.hpp"
#include "edgecore/net/http_server.hpp"
#include "metaserver/access/rate_limit.hpp"
#include "metaserver/access/user.hpp"
#include "metaserver/http/request_info.hpp"

namespace edgecore::metaserver {

using Done = boost::asio::awaitable<void>;

/// How long a request waits for the cloud if the node has a copy, and if it has none.
inline constexpr std::chrono::milliseconds kLocalPatience{1000};
inline constexpr std::chrono::milliseconds kCloudPatience{10'000};

/// A request and what is known about it so far. Lives in the coroutine of Api::handle().
struct Call {
  net::Request& request;
  net::Responder& responder;
  RequestInfo info;
  std::shared_ptr<const User> user;
  std::string client;  ///< whose limits count: the user's name, or the address with the gate off
  ClientLimits::Ticket ticket;
  kube::ApiResourcePtr resource;
  int code = 0;  ///< of the answer, for the metrics

  [[nodiscard]] std::string query(std::string_view name) const { return info.target.find(name).value_or(""); }
  [[nodiscard]] bool query_is_true(std::string_view name) const {
    const auto value = info.target.find(name);
    return value && *value != "0" && *value != "false" && *value != "False";
  }
  /// The number of a query parameter; nullopt if it is missing or empty. Throws ApiError (400).
  [[nodiscard]] std::optional<std::uint64_t> number(const char* name) const;
  /// The namespace of the objects; "" for a resource without namespaces.
  [[nodiscard]] std::string ns() const { return resource->namespaced ? info.ns : std::string(); }
  /// How long the client waits for its answer.
  [[nodiscard]] std::chrono::milliseconds patience() const;
};

/// Throws ApiError (429) if the client has not read the answers that it has: asked before an answer is made,
/// and again before a large one is handed to the connection.
void expect_room(const Call& call);

}  // namespace edgecore::metaserver
