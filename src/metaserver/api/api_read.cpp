// SPDX-License-Identifier: Apache-2.0
// How Api answers get, list and watch.
#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/identity.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/kube/table.hpp"
#include "edgecore/net/digest.hpp"
#include "metaserver/api/api.hpp"
#include "metaserver/cache/watch.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/metrics.hpp"

namespace edgecore::metaserver {

/// One question about an object that is under way, however many wait for its answer.
struct Api::Question {
  explicit Question(const boost::asio::any_io_executor& executor) : answered(executor, SteadyTime::max()) {}
  SteadyTimer answered;
  bool done = false;
  CloudAnswer answer;
};

namespace {

/// How long the cloud is waited for when there is something good at hand.
constexpr std::chrono::milliseconds kLocalPatience{1000};
/// A second question within this time is a sign of more to come.
constexpr std::chrono::seconds kAskedAgain{60};
constexpr std::size_t kAskedRemembered = 4096;
/// How long an answer to a list may be sent again while nothing changes.
constexpr std::chrono::seconds kRenderedFor{2};
constexpr std::size_t kRenderedKept = 16;
constexpr std::chrono::minutes kSnapshotFor{5};
constexpr std::size_t kSnapshotsKept = 16;
/// Objects between two turns for others while an answer is made.
constexpr std::size_t kTurn = 128;

kube::Status not_known_here(const kube::ApiResource& resource, std::string_view name) {
  kube::Status status =
      kube::Status::service_unavailable(resource.qualified() + " \"" + std::string(name) +
                                        "\" is not known on this node, and the cloud cannot be asked");
  return status;  // without a time: client-go would come back ten times before it tells its user
}

std::string list_head(const kube::ApiResource& resource, std::uint64_t version,
                      const std::string& continuation, std::size_t remaining) {
  Json metadata = {{"resourceVersion", std::to_string(version)}};
  if (!continuation.empty()) {
    metadata["continue"] = continuation;
    metadata["remainingItemCount"] = remaining;
  }
  return R"({"kind":")" + resource.list_kind + R"(","apiVersion":")" + resource.api_version() +
         R"(","metadata":)" + kube::dump_json(metadata) + R"(,"items":[)";
}

/// A token of a list in pages: which snapshot and where in it.
std::string page_token(const std::string& id, std::size_t at) {
  return net::base64url(id + "/" + std::to_string(at));
}
std::optional<std::pair<std::string, std::size_t>> read_page_token(const std::string& token) {
  try {
    const std::string text = net::base64url_decode(token);
    const std::size_t slash = text.find('/');
    const auto at =
        slash == std::string::npos ? std::nullopt : kube::parse_resource_version(text.substr(slash + 1));
    if (!at) return std::nullopt;
    return std::pair(text.substr(0, slash), static_cast<std::size_t>(*at));
  } catch (const BadInput&) {
    return std::nullopt;
  }
}

std::string continue_expired() {
  return "The provided continue parameter is too old to display a consistent list result. You must start a "
         "new list "
         "without the continue parameter.";
}

std::optional<std::uint64_t> number_of(const std::string& text, const char* what) {
  if (text.empty()) return std::nullopt;
  const auto number = kube::parse_resource_version(text);
  if (!number) {
    kube::Status status = kube::Status::bad_request(std::string("invalid ") + what + ": \"" + text + "\"");
    throw ApiError(std::move(status));
  }
  return number;
}

/// The parameters of a watch with `sendInitialEvents` and their rules (metav1 validation of ListOptions).
void check_initial_events(bool asked, const std::string& match, bool is_watch) {
  if (asked && !is_watch) {
    throw ApiError(
        kube::Status::invalid("ListOptions", "",
                              {{"FieldValueForbidden", "Forbidden: sendInitialEvents is forbidden for list",
                                "sendInitialEvents"}}));
  }
  if (asked && match != "NotOlderThan") {
    throw ApiError(kube::Status::invalid(
        "ListOptions", "",
        {{"FieldValueForbidden",
          "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
          "resourceVersionMatch"}}));
  }
  if (!asked && is_watch && !match.empty()) {
    throw ApiError(kube::Status::invalid(
        "ListOptions", "",
        {{"FieldValueForbidden",
          "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
          "resourceVersionMatch"}}));
  }
}

}  // namespace

bool Api::is_own_pod(const kube::ApiResource& resource, const ObjectPtr& object) const {
  return object && resource.group.empty() && resource.plural == "pods" &&
         object->string_at({"spec", "nodeName"}) == parts_.options.node_name;
}

bool Api::is_of_own_node(const ObjectFilter& filter, const kube::ApiResource& resource) const {
  return resource.group.empty() && resource.plural == "pods" &&
         filter.fields.required_value("spec.nodeName") == parts_.options.node_name;
}

boost::asio::awaitable<ObjectPtr> Api::current_object(kube::ApiResourcePtr resource, std::string ns,
                                                      std::string name, std::chrono::milliseconds patience) {
  const CollectionPtr collection = parts_.cache.open(resource, parts_.context.clock.steady());
  ObjectPtr object = collection->find(ns, name);
  if (parts_.cloud.is_up() && (is_own_pod(*resource, object) || parts_.scopes.covers(*resource, ns, name)))
    co_return object;
  if (parts_.cloud.usable()) co_return co_await ask_for_object(resource, ns, name, patience);
  if (!object && !parts_.scopes.as_of(*resource, ns, name)) throw ApiError(not_known_here(*resource, name));
  co_return object;
}

boost::asio::awaitable<ObjectPtr> Api::ask_for_object(kube::ApiResourcePtr resource, std::string ns,
                                                      std::string name, std::chrono::milliseconds patience) {
  const std::string key =
      kube::MetaKey{resource->group, resource->version, resource->plural, ns, name}.text();
  const SteadyTime now = parts_.context.clock.steady();
  if (asked_before_.size() >= kAskedRemembered)
    std::erase_if(asked_before_, [&](const auto& item) { return now - item.second > kAskedAgain; });
  if (asked_before_.size() >= kAskedRemembered) asked_before_.clear();
  const auto [before, first] = asked_before_.try_emplace(key, now);
  if (!first && now - before->second <= kAskedAgain) parts_.scopes.want(ScopeKey{resource, ns, name});
  before->second = now;

  auto& slot = questions_[key];
  const bool mine = !slot;
  if (mine) slot = std::make_shared<Question>(parts_.context.executor);
  const std::shared_ptr<Question> question = slot;
  if (mine) parts_.tasks.spawn("get of " + key, put_question(key, question));

  const CollectionPtr collection = parts_.cache.open(resource);
  ObjectPtr local = collection->find(ns, name);
  const auto until = steady_now() + (local ? std::min(patience, kLocalPatience) : patience);
  co_await wait_for(question, until);
  const CloudAnswer& answer = question->answer;
  if (question->done && answer.ok()) co_return take_answer(resource, "", answer.body);
  if (question->done && answer.refused()) {
    if (answer.status.code != 404) throw ApiError(answer.status);
    local = collection->find(ns, name);
    if (local && !is_own_pod(*resource, local)) parts_.cache.drop(*collection, local, 0);
    co_return nullptr;
  }
  local = collection->find(ns, name);
  if (!local) throw ApiError(not_known_here(*resource, name));
  co_return local;
}

boost::asio::awaitable<void> Api::put_question(std::string key, std::shared_ptr<Question> question) {
  beehive::Application call = parts_.cloud.make(key, "get");
  question->answer = co_await parts_.cloud.call(std::move(call));
  question->done = true;
  questions_.erase(key);
  question->answered.cancel();
}

boost::asio::awaitable<void> Api::wait_for(std::shared_ptr<Question> question, SteadyTime until) {
  while (!question->done && steady_now() < until) {
    SteadyTimer alarm(parts_.context.executor, until);
    alarm.async_wait([question](const boost::system::error_code& ended) {
      if (!ended) question->answered.cancel();
    });
    boost::system::error_code woken;
    co_await question->answered.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    const auto cancelled = co_await boost::asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != boost::asio::cancellation_type::none)
      throw boost::system::system_error(boost::asio::error::operation_aborted);
  }
}

Api::Done Api::get(Call& call) {
  const RequestInfo& info = call.info;
  const std::string& sub = info.subresource;
  if (!sub.empty() && sub != "status")
    throw ApiError(kube::Status::method_not_allowed(info.resource + "/" + sub, "get"));
  co_await look_at_own_node(*call.resource);
  const std::string ns = call.resource->namespaced ? info.ns : std::string();
  const ObjectPtr object = co_await current_object(call.resource, ns, info.name, patience_of(call));
  if (!object) throw ApiError(kube::Status::not_found(call.resource->qualified(), info.name));
  co_await send_object(call, 200, object);
}

Api::Done Api::send_object(Call& call, int status, ObjectPtr object) {
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kObject);
  if (wanted.form == Form::kObject) {
    net::Response response;
    response.status = call.code = status;
    response.headers = headers_for(call, wanted.content_type);
    if (!wanted.pretty && !(wanted.gzip && object->bytes() >= kGzipMinBytes)) {
      response.shared_body = CachedObject::line(object);
      co_await call.responder.send(std::move(response));
      co_return;
    }
    std::string text = *CachedObject::line(object);
    co_await send_text(call, status, std::move(text), wanted);
    co_return;
  }
  const Json json = object->json();
  if (wanted.form == Form::kTable) {
    const std::array<const Json*, 1> one{&json};
    Json table = kube::make_table(*call.resource, one, parts_.context.clock.wall(), wanted.include, true,
                                  wanted.version);
    table["metadata"]["resourceVersion"] = std::to_string(object->version());
    co_await send_json(call, status, table, wanted);
    co_return;
  }
  const Json partial = kube::partial_metadata(json, wanted.version);
  co_await send_json(call, status, partial, wanted);
}

boost::asio::awaitable<void> Api::look_at_own_node(const kube::ApiResource& resource) {
  constexpr std::chrono::seconds kEvery{5};
  const bool node = resource.group.empty() && resource.plural == "nodes";
  const SteadyTime now = parts_.context.clock.steady();
  if (!node || now - own_node_at_ < kEvery) co_return;
  own_node_at_ = now;
  // Its heartbeats are in metamanager's memory only.
  beehive::Message question = beehive::make_message(
      names::module::kMetaServer, names::group::kMeta, names::operation::kQuery,
      beehive::resource_path("default", names::resource::kNode, parts_.options.node_name), nullptr);
  try {
    const beehive::MessagePtr answer =
        co_await parts_.context.bus.request(names::module::kMetaManager, std::move(question), kLocalPatience);
    if (answer->route.operation != names::operation::kResponse) co_return;
    const CollectionPtr nodes = parts_.cache.open(parts_.resources.find("", "v1", "nodes"));
    const ObjectPtr object = CachedObject::make_checked(kube::dump_json(answer->content));
    if (!nodes->overlay(object)) parts_.cache.keep(*nodes, object);
  } catch (const beehive::RequestFailed&) {
    // What is stored has to do.
  } catch (const BadInput&) {
    // No Node that could be shown.
  }
}

Api::Done Api::list(Call& call) {
  const kube::ApiResource& resource = *call.resource;
  check_initial_events(call.info.target.find("sendInitialEvents").has_value(),
                       call.query("resourceVersionMatch"), false);
  const std::string token = call.query("continue");
  if (!token.empty()) {
    const auto page = read_page_token(token);
    const auto at = std::find_if(snapshots_.begin(), snapshots_.end(), [&](const Snapshot& snapshot) {
      return page && snapshot.id == page->first;
    });
    if (at == snapshots_.end()) {
      if (page) throw ApiError(kube::Status::expired(continue_expired()));
      co_await pass_list_on(call);  // a token of the cloud's
      co_return;
    }
    const std::size_t begin = std::min(page->second, at->objects.size());
    const std::size_t limit = number_of(call.query("limit"), "limit").value_or(0);
    const std::size_t end = limit == 0 ? at->objects.size() : std::min(begin + limit, at->objects.size());
    const auto first = at->objects.begin();
    std::vector<ObjectPtr> part(first + static_cast<std::ptrdiff_t>(begin),
                                first + static_cast<std::ptrdiff_t>(end));
    const std::size_t remaining = at->objects.size() - end;
    std::string next = remaining > 0 ? page_token(at->id, end) : std::string();
    co_await send_objects(call, std::move(part), at->version, std::move(next), remaining);
    co_return;
  }
  const ObjectFilter filter =
      make_filter(resource, resource.namespaced ? call.info.ns : std::string(), call.info.name,
                  call.query("labelSelector"), call.query("fieldSelector"));
  co_await look_at_own_node(resource);
  const CollectionPtr collection = parts_.cache.open(call.resource, parts_.context.clock.steady());
  const bool own = parts_.cloud.is_up() && is_of_own_node(filter, resource);
  // Events come and go by the thousand: they are not kept current for a list.
  const bool passing = resource.plural == "events";
  if (!own && !parts_.scopes.covers(resource, filter.ns, filter.name)) {
    Scopes::Answer answer;
    if (passing && parts_.cloud.usable()) {
      co_await pass_list_on(call);
      co_return;
    }
    const bool had_it = parts_.scopes.as_of(resource, filter.ns, filter.name).has_value();
    const auto patience =
        std::min(patience_of(call), had_it ? kLocalPatience : std::chrono::milliseconds(10'000));
    ScopeKey key{call.resource, filter.ns, filter.name};
    if (parts_.cloud.usable()) answer = co_await parts_.scopes.bring_current(std::move(key), patience);
    if (answer.outcome == Scopes::Outcome::kRefused) {
      if (answer.why.code != 429) throw ApiError(answer.why);
      co_await pass_list_on(call);
      co_return;
    }
  }
  co_await send_list(call, *collection, filter);
}

Api::Done Api::pass_list_on(Call& call) {
  Json option = Json::object();
  for (const char* name :
       {"labelSelector", "fieldSelector", "resourceVersion", "resourceVersionMatch", "continue"})
    if (const std::string value = call.query(name); !value.empty()) option[name] = value;
  if (const auto limit = number_of(call.query("limit"), "limit")) option["limit"] = *limit;
  const kube::ApiResource& resource = *call.resource;
  beehive::Application question = parts_.cloud.make(
      kube::MetaKey{resource.group, resource.version, resource.plural, call.info.ns, ""}.text(), "list",
      kube::dump_json(option));
  const CloudAnswer answer = co_await parts_.cloud.call(
      std::move(question), std::min(patience_of(call), std::chrono::milliseconds(10'000)));
  if (answer.refused()) throw ApiError(answer.status);
  if (!answer.ok()) {
    const ObjectFilter filter = make_filter(resource, call.info.ns, call.info.name,
                                            call.query("labelSelector"), call.query("fieldSelector"));
    const CollectionPtr collection = parts_.cache.open(call.resource);
    co_await send_list(call, *collection, filter);
    co_return;
  }
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kList);
  if (wanted.form == Form::kObject) {
    std::string body = answer.body + "\n";
    co_await send_text(call, 200, std::move(body), wanted);
    co_return;
  }
  const Json list = kube::parse_json(answer.body, "The cloud's list");
  const Json& items = kube::array_or_empty(list, "items");
  Json shown;
  if (wanted.form == Form::kTable) {
    std::vector<const Json*> rows;
    for (const Json& item : items) rows.push_back(&item);
    shown =
        kube::make_table(resource, rows, parts_.context.clock.wall(), wanted.include, true, wanted.version);
  } else {
    shown = {{"kind", "PartialObjectMetadataList"}, {"apiVersion", "meta.k8s.io/" + wanted.version}};
    shown["items"] = Json::array();
    for (const Json& item : items) shown["items"].push_back(kube::partial_metadata(item, wanted.version));
  }
  shown["metadata"] = kube::object_or_empty(list, "metadata");
  co_await send_json(call, 200, shown, wanted);
}

Api::Done Api::send_list(Call& call, Collection& collection, const ObjectFilter& filter) {
  const std::string match = call.query("resourceVersionMatch");
  const std::string at_version = call.query("resourceVersion");
  const auto version = number_of(at_version, "resourceVersion");
  const std::uint64_t token = collection.resume_version();
  if (match == "Exact" && version && *version != token)
    throw ApiError(
        kube::Status::expired("the version " + at_version + " of the list is not known on this node"));
  collection.set_position_sent();
  const auto limit = number_of(call.query("limit"), "limit").value_or(0);
  // As the API server's watch cache does: a list that may be of any version comes whole.
  const bool paged = limit > 0 && at_version != "0";

  const SteadyTime now = parts_.context.clock.steady();
  std::string name;
  if (!paged && filter.selects_everything() && filter.name.empty()) {
    const Representation wanted = representation(call.request.headers, call.info.target, Offer::kList);
    if (wanted.form == Form::kObject && !wanted.pretty && !wanted.gzip) {
      const kube::ApiResource& resource = *call.resource;
      name = resource.group + "/" + resource.version + "/" + resource.plural + "/" + filter.ns;
      std::erase_if(rendered_, [&](const auto& item) { return now - item.second.made > kRenderedFor; });
      auto& rendered = rendered_[name];
      if (!rendered.body || rendered.revision != collection.revision()) {
        std::string body = list_head(resource, token, "", 0);
        body.reserve(body.size() + collection.bytes() + 4);
        bool first = true;
        for (const ObjectPtr& object : collection.objects()) {
          if (!filter.ns.empty() && object->ns() != filter.ns) continue;
          if (!std::exchange(first, false)) body += ',';
          body += object->text();
        }
        body += "]}\n";
        rendered.body = std::make_shared<const std::string>(std::move(body));
        rendered.revision = collection.revision();
      }
      rendered.made = now;
      net::Response response;
      response.headers = headers_for(call, wanted.content_type);
      response.shared_body = rendered.body;
      call.code = 200;
      if (rendered_.size() > kRenderedKept) rendered_.clear();
      co_await call.responder.send(std::move(response));
      co_return;
    }
  }

  std::vector<ObjectPtr> all(collection.objects().begin(), collection.objects().end());
  std::vector<ObjectPtr> chosen;
  std::size_t looked_at = 0;
  for (ObjectPtr& object : all) {
    if (++looked_at % (kTurn * 8) == 0)
      co_await boost::asio::post(parts_.context.executor, boost::asio::use_awaitable);
    if (filter.matches(*object)) chosen.push_back(std::move(object));
  }
  if (!paged || chosen.size() <= limit) {
    co_await send_objects(call, std::move(chosen), token, "", 0);
    co_return;
  }
  std::erase_if(snapshots_, [&](const Snapshot& snapshot) { return now - snapshot.made > kSnapshotFor; });
  if (snapshots_.size() >= kSnapshotsKept) snapshots_.pop_front();
  Snapshot& snapshot = snapshots_.emplace_back();
  snapshot.id = uuid_v4();
  snapshot.objects = std::move(chosen);
  snapshot.version = token;
  snapshot.made = now;
  std::vector<ObjectPtr> part(snapshot.objects.begin(),
                              snapshot.objects.begin() + static_cast<std::ptrdiff_t>(limit));
  const std::size_t remaining = snapshot.objects.size() - part.size();
  std::string next = page_token(snapshot.id, part.size());
  co_await send_objects(call, std::move(part), token, std::move(next), remaining);
}

Api::Done Api::send_objects(Call& call, std::vector<ObjectPtr> objects, std::uint64_t version,
                            std::string continuation, std::size_t remaining) {
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kList);
  const kube::ApiResource& resource = *call.resource;
  if (wanted.form == Form::kObject) {
    std::string body = list_head(resource, version, continuation, remaining);
    std::size_t size = body.size() + 4;
    for (const ObjectPtr& object : objects) size += object->bytes();
    body.reserve(size);
    for (std::size_t i = 0; i < objects.size(); ++i) {
      if (i > 0) body += ',';
      body += objects[i]->text();
    }
    body += "]}\n";
    co_await send_text(call, 200, std::move(body), wanted);
    co_return;
  }
  Json shown;
  const bool is_table = wanted.form == Form::kTable;
  if (!is_table) {
    shown = {{"kind", "PartialObjectMetadataList"}, {"apiVersion", "meta.k8s.io/" + wanted.version}};
    shown["items"] = Json::array();
  }
  const WallTime now = parts_.context.clock.wall();
  for (std::size_t begin = 0; begin == 0 || begin < objects.size(); begin += kTurn) {
    std::vector<Json> turn;
    for (std::size_t i = begin; i < std::min(begin + kTurn, objects.size()); ++i)
      turn.push_back(objects[i]->json());
    if (is_table) {
      std::vector<const Json*> rows;
      for (const Json& json : turn) rows.push_back(&json);
      Json table = kube::make_table(resource, rows, now, wanted.include, begin == 0, wanted.version);
      if (begin == 0) {
        shown = std::move(table);
      } else {
        for (Json& row : table["rows"]) shown["rows"].push_back(std::move(row));
      }
    } else {
      for (const Json& json : turn) shown["items"].push_back(kube::partial_metadata(json, wanted.version));
    }
    co_await boost::asio::post(parts_.context.executor, boost::asio::use_awaitable);
  }
  Json& metadata = shown["metadata"];
  metadata = {{"resourceVersion", std::to_string(version)}};
  if (!continuation.empty()) {
    metadata["continue"] = continuation;
    metadata["remainingItemCount"] = remaining;
  }
  co_await send_json(call, 200, shown, wanted);
}

Api::Done Api::watch(Call& call) {
  const kube::ApiResource& resource = *call.resource;
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kWatch);
  WatchQuery query;
  query.filter = make_filter(resource, resource.namespaced ? call.info.ns : std::string(), call.info.name,
                             call.query("labelSelector"), call.query("fieldSelector"));
  const bool initial = call.query_is_true("sendInitialEvents");
  check_initial_events(call.info.target.find("sendInitialEvents").has_value(),
                       call.query("resourceVersionMatch"), true);
  const auto version = number_of(call.query("resourceVersion"), "resourceVersion");
  if (version && *version != 0 && !initial) query.from = version;
  query.bookmarks = call.query_is_true("allowWatchBookmarks");
  query.initial_events_end = initial && query.bookmarks;
  const auto seconds = number_of(call.query("timeoutSeconds"), "timeoutSeconds");
  static thread_local std::minstd_rand random{std::random_device()()};
  query.timeout = std::chrono::seconds(
      seconds.value_or(std::uniform_int_distribution<std::uint64_t>(1800, 3600)(random)));

  ScopeKey key{call.resource, query.filter.ns, query.filter.name};
  Scopes::Hold hold;
  if (!is_of_own_node(query.filter, resource)) {
    hold = parts_.scopes.hold(key);
    if (!parts_.scopes.covers(resource, query.filter.ns, query.filter.name) && parts_.cloud.usable()) {
      const Scopes::Answer answer = co_await parts_.scopes.bring_current(key, std::chrono::seconds(10));
      if (answer.outcome == Scopes::Outcome::kRefused) throw ApiError(answer.why);
    }
  }
  const CollectionPtr collection = parts_.cache.open(call.resource, parts_.context.clock.steady());
  if (wanted.form != Form::kObject) {
    query.render = [this, wanted, kind = call.resource](const CachedObject& object, bool first) {
      const Json json = object.json();
      if (wanted.form != Form::kTable) return kube::dump_json(kube::partial_metadata(json, wanted.version));
      const std::array<const Json*, 1> one{&json};
      Json table =
          kube::make_table(*kind, one, parts_.context.clock.wall(), wanted.include, first, wanted.version);
      table["metadata"]["resourceVersion"] = std::to_string(object.version());
      return kube::dump_json(table);
    };
  }
  struct Open {
    explicit Open(Metrics& counted) : metrics(counted) { metrics.watch_opened(); }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;
    ~Open() { metrics.watch_closed(); }
    Metrics& metrics;
  };
  const Open open(parts_.metrics);
  query.sent = [this](std::uint64_t events) { parts_.metrics.events_sent(events); };
  call.code = 200;
  net::Headers headers = headers_for(call, wanted.content_type);
  co_await serve_watch(parts_.context, *collection, std::move(query), std::move(headers), call.responder);
}

}  // namespace edgecore::metaserver
