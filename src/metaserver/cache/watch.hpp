// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "edgecore/beehive/module.hpp"
#include "edgecore/net/http_server.hpp"
#include "metaserver/cache/collection.hpp"
#include "metaserver/cache/object_filter.hpp"

namespace edgecore::metaserver {

/// One client's watch.
struct WatchQuery {
  ObjectFilter filter;
  /// The version to resume from; nullopt: begin with all objects, as ADDED.
  std::optional<std::uint64_t> from;
  bool initial_events_end = false;  ///< a bookmark says where the initial events end
  bool bookmarks = false;
  std::chrono::seconds timeout{1800};
  /// Renders the object of an event; `first` is true for the first event. Empty: the object's own text.
  std::function<std::string(const CachedObject& object, bool first)> render;
  /// Returns when the client may not watch any longer. Empty: it may for the whole time.
  std::function<boost::asio::awaitable<void>()> ended;
  /// Called after each piece with the number of events in it. May be empty.
  std::function<void(std::uint64_t events)> sent;
};

/// Streams the events of a collection to one client, until the time-out, until the client goes away or may
/// not watch any longer, or until it is so slow that the ring has lost its events (410 in the stream). Starts
/// the response. The collection must outlive it. Throws as Responder does.
boost::asio::awaitable<void> serve_watch(beehive::ModuleContext& context, Collection& collection,
                                         WatchQuery query, net::Headers headers, net::Responder& responder);

/// The line of one event.
[[nodiscard]] std::string event_line(std::string_view type, std::string_view object);
/// The ERROR event that makes a client list again.
[[nodiscard]] std::string expired_line(std::uint64_t version, std::uint64_t oldest);

}  // namespace edgecore::metaserver
