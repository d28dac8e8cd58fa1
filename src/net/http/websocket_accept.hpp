// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "edgecore/net/websocket.hpp"
#include "net/http/http_parse.hpp"
#include "net/stream/stream.hpp"

namespace edgecore::net {

/// Server side of the upgrade: answers `head` (a request that asks for a WebSocket) with 101 and `headers`,
/// and takes over the stream. Bytes already received behind the request must have been given back with
/// Stream::unread.
asio::awaitable<std::unique_ptr<WebSocket>> accept_websocket(Stream stream, HttpHead head, Headers headers,
                                                             WebSocketServerOptions options);

}  // namespace edgecore::net
