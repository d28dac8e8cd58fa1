// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/read_requests.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "edgecore/kube/table.hpp"
#include "metaserver/api/cloud_price.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/metrics.hpp"

namespace edgecore::metaserver {
namespace {

[[noreturn]] void forbid(const char* field, const char* why) {
  throw ApiError(kube::Status::invalid("ListOptions", "",
                                       {{"FieldValueForbidden", std::string("Forbidden: ") + why, field}}));
}

/// The rules for `sendInitialEvents` (metav1 validation of ListOptions).
void check_initial_events(const Call& call, bool is_watch) {
  const bool asked = call.info.target.find("sendInitialEvents").has_value();
  const std::string match = call.query("resourceVersionMatch");
  if (asked && !is_watch) forbid("sendInitialEvents", "sendInitialEvents is forbidden for list");
  if (asked && match != "NotOlderThan")
    forbid("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  if (!asked && is_watch && !match.empty())
    forbid("resourceVersionMatch",
           "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
}

ObjectFilter filter_of(const Call& call) {
  return make_filter(*call.resource, call.ns(), call.info.name, call.query("labelSelector"),
                     call.query("fieldSelector"));
}

/// Counts a watch as open as long as it lives.
class OpenWatch {
 public:
  explicit OpenWatch(Metrics& metrics) : metrics_(metrics) { metrics_.watch_opened(); }
  OpenWatch(const OpenWatch&) = delete;
  OpenWatch& operator=(const OpenWatch&) = delete;
  ~OpenWatch() { metrics_.watch_closed(); }

 private:
  Metrics& metrics_;
};

}  // namespace

std::chrono::seconds watch_timeout(std::optional<std::uint64_t> asked) {
  static thread_local std::minstd_rand random{std::random_device()()};
  constexpr std::uint64_t kMost = kLongestWatch.count();
  if (!asked) asked = std::uniform_int_distribution<std::uint64_t>(kMost / 2, kMost)(random);
  return std::chrono::seconds(std::min(*asked, kMost));
}

Done ReadRequests::get(Call& call) {
  const RequestInfo& info = call.info;
  if (!info.subresource.empty() && info.subresource != "status")
    throw ApiError(kube::Status::method_not_allowed(info.resource + "/" + info.subresource, "get"));
  co_await reader_.refresh_own_node(*call.resource);
  const ObjectPtr object = co_await reader_.current(call);
  if (!object) throw ApiError(kube::Status::not_found(call.resource->qualified(), info.name));
  co_await answers_.send_object(call, 200, object);
}

Done ReadRequests::list(Call& call) {
  check_initial_events(call, false);
  if (const std::string token = call.query("continue"); !token.empty()) {
    co_await lists_.send_next_page(call, token);
    co_return;
  }
  const ObjectFilter filter = filter_of(call);
  co_await reader_.refresh_own_node(*call.resource);
  const CollectionPtr collection = parts_.cache.open(call.resource, parts_.context.clock.steady());
  const bool is_here = co_await is_served_here(call, filter);
  if (is_here) {
    co_await lists_.send(call, collection, filter);
  } else {
    co_await lists_.pass_on(call);
  }
}

/// Brings the objects of a list up to date, if the cloud answers soon. False if the list has to be passed on
/// to the cloud: events are too many to keep, and other resources may be too large.
boost::asio::awaitable<bool> ReadRequests::is_served_here(Call& call, const ObjectFilter& filter) {
  const kube::ApiResource& resource = *call.resource;
  if (parts_.cloud.is_up() && reader_.is_of_own_node(filter, resource)) co_return true;
  if (parts_.scopes.covers(resource, filter.ns, filter.name) || !parts_.cloud.usable()) co_return true;
  if (resource.plural == "events") co_return false;
  const bool has_copy = parts_.scopes.as_of(resource, filter.ns, filter.name).has_value();
  const auto patience = std::min(call.patience(), has_copy ? kLocalPatience : kCloudPatience);
  ScopeKey key{call.resource, filter.ns, filter.name};
  pay(parts_, call, kSyncMessages);
  const Scopes::Answer answer = co_await parts_.scopes.bring_current(std::move(key), patience);
  if (answer.outcome != Scopes::Outcome::kRefused) co_return true;
  if (answer.why.code != 429) throw ApiError(answer.why);
  co_return false;
}

WatchQuery ReadRequests::watch_query(const Call& call, const Representation& wanted) const {
  WatchQuery query;
  query.filter = filter_of(call);
  check_initial_events(call, true);
  const bool initial = call.query_is_true("sendInitialEvents");
  const auto version = call.number("resourceVersion");
  if (version && *version != 0 && !initial) query.from = version;
  query.bookmarks = call.query_is_true("allowWatchBookmarks");
  query.initial_events_end = initial && query.bookmarks;
  query.timeout = watch_timeout(call.number("timeoutSeconds"));
  query.sent = [this](std::uint64_t events) { parts_.metrics.events_sent(events); };
  if (wanted.form == Form::kObject) return query;
  query.render = [this, wanted, kind = call.resource](const CachedObject& object, bool first) {
    const Json json = object.json();
    if (wanted.form != Form::kTable) return kube::dump_json(kube::partial_metadata(json, wanted.version));
    const std::array<const Json*, 1> one{&json};
    Json table =
        kube::make_table(*kind, one, parts_.context.clock.wall(), wanted.include, first, wanted.version);
    table["metadata"]["resourceVersion"] = std::to_string(object.version());
    return kube::dump_json(table);
  };
  return query;
}

/// Keeps the objects of a watch current as long as the result lives. Pods of this node always are.
boost::asio::awaitable<Scopes::Hold> ReadRequests::hold_current(Call& call, const ObjectFilter& filter) {
  if (reader_.is_of_own_node(filter, *call.resource)) co_return Scopes::Hold();
  const ScopeKey key{call.resource, filter.ns, filter.name};
  const bool is_current =
      parts_.scopes.covers(*call.resource, filter.ns, filter.name) || !parts_.cloud.usable();
  if (!is_current) pay(parts_, call, kSyncMessages);
  Scopes::Hold hold = parts_.scopes.hold(key, call.client);
  if (is_current) co_return hold;
  const Scopes::Answer answer = co_await parts_.scopes.bring_current(key, kCloudPatience);
  if (answer.outcome == Scopes::Outcome::kRefused) throw ApiError(answer.why);
  co_return hold;
}

Done ReadRequests::watch(Call& call) {
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kWatch);
  WatchQuery query = watch_query(call, wanted);
  const Scopes::Hold hold = co_await hold_current(call, query.filter);
  const CollectionPtr collection = parts_.cache.open(call.resource, parts_.context.clock.steady());
  const OpenWatch open(parts_.metrics);
  OpenStreams::Stream stream(streams_, parts_.context.executor,
                             [this, &call] { return identity_.may_go_on(call); });
  query.ended = [&stream] { return stream.ended(); };
  call.code = 200;
  net::Headers headers = answers_.headers_for(call, wanted.content_type);
  co_await serve_watch(parts_.context, *collection, std::move(query), std::move(headers), call.responder);
}

}  // namespace edgecore::metaserver
