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
  /// Behind which version it begins; nullopt: with all there is, as ADDED.
  std::optional<std::uint64_t> from;
  bool initial_events_end = false;  ///< a bookmark says where the initial events end
  bool bookmarks = false;
  std::chrono::seconds timeout{1800};
  /// What of an object is sent; `first` is true for the first event. Empty: the object as it is.
  std::function<std::string(const CachedObject& object, bool first)> render;
  /// Told how many events were sent, after each piece. May be empty.
  std::function<void(std::uint64_t events)> sent;
};

/// Streams a collection's events to one client until its time is over, it goes away, or it does not read what
/// it is sent (410 in the stream: the ring of the collection is all that is kept for it). The response is
/// started here. Throws as Responder does.
boost::asio::awaitable<void> serve_watch(beehive::ModuleContext& context, Collection& collection,
                                         WatchQuery query, net::Headers headers, net::Responder& responder);

/// The line of one event.
[[nodiscard]] std::string event_line(std::string_view type, std::string_view object);
/// The ERROR event that makes a client list again.
[[nodiscard]] std::string expired_line(std::uint64_t version, std::uint64_t oldest);

}  // namespace edgecore::metaserver
