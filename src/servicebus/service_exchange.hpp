// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "servicebus/byte_budget.hpp"
#include "servicebus/service_request.hpp"

namespace edgecore::servicebus {

/// Redirects followed in one call.
inline constexpr int kRedirects = 10;

/// Asks a service on this node, redirects included, and returns its answer or the one that says what went
/// wrong (protocol/04-devices.md §5.5): 404 when it cannot be reached in time, 500 when its answer breaks
/// off. A body is cut at kAnswerBytes. What is received counts against `share`, which outlives the call.
/// Throws only when it is cancelled.
boost::asio::awaitable<ServiceAnswer> ask_service(ServiceRequest request, ByteShare& share,
                                                  std::chrono::milliseconds timeout);

}  // namespace edgecore::servicebus
