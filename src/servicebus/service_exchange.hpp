// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "servicebus/byte_budget.hpp"
#include "servicebus/service_request.hpp"

namespace edgecore::servicebus {

/// Limit of redirects in one call.
inline constexpr int kRedirects = 10;

/// Calls a service on this node, follows redirects, and returns its answer or an error answer
/// (protocol/04-devices.md §5.5): 404 if it cannot be reached in time, 500 if its answer breaks off. Cuts a
/// body at kAnswerBytes. Received bytes count against `share`, which outlives the call. Throws only when
/// cancelled.
boost::asio::awaitable<ServiceAnswer> ask_service(ServiceRequest request, ByteShare& share,
                                                  std::chrono::milliseconds timeout);

}  // namespace edgecore::servicebus
