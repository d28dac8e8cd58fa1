// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metaserver/api/api_parts.hpp"
#include "metaserver/api/call.hpp"

namespace edgecore::metaserver {

/// Messages to bring a scope up to date: may it be listed, a listener, a list.
inline constexpr unsigned kSyncMessages = 3;

/// Takes the price of messages to the cloud from a request's client, whatever its verb: the line to the cloud
/// may be metered, and all of the node share it. Throws ApiError (429) when the client has none left.
inline void pay(const ApiParts& parts, const Call& call, unsigned messages = 1) {
  parts.limits.to_cloud(call.client, parts.context.clock.steady(), messages);
}

}  // namespace edgecore::metaserver
