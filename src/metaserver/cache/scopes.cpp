// SPDX-License-Identifier: Apache-2.0
#include "metaserver/cache/scopes.hpp"

#include <malloc.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

#include "edgecore/async/condition.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/kube/identity.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {

/// A part of a resource and its state.
struct Scope {
  explicit Scope(ScopeKey of) : key(std::move(of)) {}

  ScopeKey key;
  enum class State { kStale, kCurrent, kRefused } state = State::kStale;
  kube::Status refusal;
  bool running = false;
  bool polled = false;   ///< no listener: listed every `poll`
  bool listens = false;  ///< the cloud has a listener for it, or had one in the last connection
  unsigned session = 0;  ///< the connection in which it was listed last
  std::optional<WallTime> as_of;
  SteadyTime listed_at{};
  SteadyTime last_use{};
  int users = 0;
  std::string holder;        ///< the client that began to hold it
  async::Condition settled;  ///< a run has ended
};

namespace {

constexpr std::chrono::seconds kRefusalHolds{60};
/// After a list of more objects than this, free memory is returned to the system.
constexpr std::size_t kTrimAbove = 200;

kube::Status no_scope_left() {
  return kube::Status::too_many_requests("too many different objects are watched on this node", 10);
}

std::string or_null(const std::string& text) {
  return text.empty() ? "null" : text;
}

std::string key_text(const kube::ApiResource& resource, const std::string& ns) {
  const std::string group = resource.group.empty() ? "core" : resource.group;
  return "/" + group + "/" + resource.version + "/" + resource.plural + "/" + or_null(ns) + "/null";
}

/// One page of a list, its items as text.
struct Page {
  std::vector<ObjectPtr> objects;
  std::string continuation;
  std::uint64_t version = 0;
};

/// Items of typed lists come without kind and apiVersion: they are added.
ObjectPtr item_of(std::string_view text, const kube::ApiResource& resource) {
  if (find_member(text, "kind") && find_member(text, "apiVersion")) return CachedObject::make_checked(text);
  Json item = kube::parse_json(text, "An item of a list");
  item["kind"] = resource.kind;
  item["apiVersion"] = resource.api_version();
  return CachedObject::make_checked(kube::dump_json(item));
}

Page read_page(const std::string& body, const kube::ApiResource& resource) {
  if (!Json::accept(body)) throw BadInput("The cloud's list is not JSON.");
  Page page;
  const auto items = find_member(body, "items");
  if (!items) throw BadInput("The cloud's answer to a list has no items.");
  page.continuation = string_member(body, {"metadata", "continue"});
  page.version =
      kube::parse_resource_version(string_member(body, {"metadata", "resourceVersion"})).value_or(0);
  const std::string_view array = items->of(body);
  each_element(array, [&](std::string_view item) { page.objects.push_back(item_of(item, resource)); });
  return page;
}

bool lies_in(const CachedObject& object, const ScopeKey& scope) {
  return (scope.ns.empty() || object.ns() == scope.ns) && (scope.name.empty() || object.name() == scope.name);
}

}  // namespace

Scopes::Hold::Hold(std::shared_ptr<Scope> scope) : scope_(std::move(scope)) {
  if (scope_) ++scope_->users;
}
Scopes::Hold::~Hold() {
  if (!scope_) return;
  --scope_->users;
}

Scopes::Scopes(beehive::ModuleContext& context, CloudCalls& cloud, ObjectCache& cache,
               async::TaskGroup& tasks)
    : Scopes(context, cloud, cache, tasks, Limits()) {}

Scopes::Scopes(beehive::ModuleContext& context, CloudCalls& cloud, ObjectCache& cache,
               async::TaskGroup& tasks, Limits limits)
    : context_(context), cloud_(cloud), cache_(cache), tasks_(tasks), limits_(limits) {}

Scopes::Gvr Scopes::gvr_of(const kube::ApiResource& resource) {
  return {resource.group, resource.version, resource.plural};
}

ScopeKey Scopes::normalized(ScopeKey key) {
  // The cloud's filter compares a field that pods do not have: a namespaced watch of pods gets no events
  // (protocol/03-metaserver.md §3.5).
  if (key.resource->group.empty() && key.resource->plural == "pods" && key.name.empty()) key.ns.clear();
  return key;
}

bool Scopes::covers(const kube::ApiResource& resource, std::string_view ns, std::string_view name) {
  if (scopes_.empty() || !cloud_.is_up()) return false;
  const SteadyTime now = context_.clock.steady();
  const auto current = [&](std::string_view in_ns, std::string_view in_name) {
    const auto at = scopes_.find(Id{gvr_of(resource), std::string(in_ns), std::string(in_name)});
    if (at == scopes_.end() || at->second->state != Scope::State::kCurrent) return false;
    if (at->second->polled && now - at->second->listed_at > limits_.poll) return false;
    at->second->last_use = now;
    return true;
  };
  return current("", "") || (!ns.empty() && current(ns, "")) || (!name.empty() && current(ns, name));
}

std::optional<WallTime> Scopes::as_of(const kube::ApiResource& resource, std::string_view ns,
                                      std::string_view name) const {
  std::optional<WallTime> latest;
  const auto look = [&](std::string_view in_ns, std::string_view in_name) {
    const auto at = scopes_.find(Id{gvr_of(resource), std::string(in_ns), std::string(in_name)});
    if (at == scopes_.end() || !at->second->as_of) return;
    if (!latest || *latest < *at->second->as_of) latest = at->second->as_of;
  };
  look("", "");
  if (!ns.empty()) look(ns, "");
  if (!name.empty()) look(ns, name);
  return latest;
}

/// null if all scopes are in use.
Scopes::ScopePtr Scopes::find_or_make(const ScopeKey& key) {
  Id id{gvr_of(*key.resource), key.ns, key.name};
  const auto at = scopes_.find(id);
  if (at != scopes_.end()) return at->second;
  if (!make_room()) return nullptr;
  auto scope = std::make_shared<Scope>(key);
  scope->last_use = context_.clock.steady();
  scopes_.emplace(std::move(id), scope);
  return scope;
}

bool Scopes::make_room() {
  if (scopes_.size() < limits_.scopes) return true;
  auto oldest = scopes_.end();
  for (auto at = scopes_.begin(); at != scopes_.end(); ++at) {
    if (at->second->users > 0 || at->second->running) continue;
    if (oldest == scopes_.end() || at->second->last_use < oldest->second->last_use) oldest = at;
  }
  if (oldest == scopes_.end()) return false;
  scopes_.erase(oldest);
  listeners_changed();
  return true;
}

/// A client may hold as many scopes as nobody holds: so there are always some for another one.
void Scopes::check_share(const std::string& client) const {
  std::size_t held = 0, own = 0;
  for (const auto& [id, scope] : scopes_) {
    if (scope->users == 0) continue;
    ++held;
    own += scope->holder == client ? 1 : 0;
  }
  if (held + own >= limits_.scopes)
    throw ApiError(kube::Status::too_many_requests(
        "this client watches too many different objects; a watch of all of a namespace is one", 10));
}

Scopes::Hold Scopes::hold(const ScopeKey& key, const std::string& client) {
  const ScopePtr scope = find_or_make(normalized(key));
  if (!scope) throw ApiError(no_scope_left());
  if (scope->users == 0) {
    check_share(client);
    scope->holder = client;
  }
  return Hold(scope);
}

void Scopes::want(const ScopeKey& key) {
  const ScopePtr scope = find_or_make(normalized(key));
  if (!scope) return;
  scope->last_use = context_.clock.steady();
  if (scope->state == Scope::State::kStale && cloud_.usable()) start(scope);
}

boost::asio::awaitable<Scopes::Answer> Scopes::bring_current(ScopeKey key,
                                                             std::chrono::milliseconds patience) {
  const ScopePtr scope = find_or_make(normalized(std::move(key)));
  Answer answer;
  if (!scope) {
    answer.outcome = Outcome::kRefused;
    answer.why = no_scope_left();
    co_return answer;
  }
  scope->last_use = context_.clock.steady();
  const auto until = steady_now() + patience;
  const bool poll_due = scope->polled && context_.clock.steady() - scope->listed_at > limits_.poll;
  if (cloud_.usable() && (scope->state == Scope::State::kStale || poll_due)) start(scope);
  while (scope->running && steady_now() < until) co_await scope->settled.sleep_until(until);
  if (scope->state == Scope::State::kCurrent && cloud_.is_up()) answer.outcome = Outcome::kCurrent;
  if (scope->state == Scope::State::kRefused) {
    answer.outcome = Outcome::kRefused;
    answer.why = scope->refusal;
  }
  co_return answer;
}

void Scopes::start(const ScopePtr& scope) {
  if (scope->running) return;
  scope->running = true;
  tasks_.spawn("sync of " + scope->key.resource->qualified(), run(scope));
}

boost::asio::awaitable<void> Scopes::run(ScopePtr scope) {
  struct AtEnd {
    Scope& scope;
    ~AtEnd() {
      scope.running = false;
      scope.settled.notify_all();
    }
  };
  const AtEnd at_end{*scope};
  try {
    co_await synchronize(scope);
  } catch (const BadInput& bad) {
    context_.log->warn("the cloud's list of {} cannot be used: {}", scope->key.resource->qualified(),
                       bad.what());
  }
}

boost::asio::awaitable<std::optional<Scopes::Probe>> Scopes::probe(kube::ApiResourcePtr resource) {
  if (probes_session_ != cloud_.session()) {
    probes_.clear();
    probes_session_ = cloud_.session();
  }
  const Gvr gvr = gvr_of(*resource);
  if (const auto at = probes_.find(gvr); at != probes_.end()) co_return at->second;
  const unsigned session = cloud_.session();
  beehive::Application question = cloud_.make(key_text(*resource, ""), "list", R"({"limit":1})");
  const CloudAnswer answer = co_await cloud_.call(std::move(question));
  if (answer.kind == CloudAnswer::Kind::kUnreachable || session != cloud_.session()) co_return std::nullopt;
  Probe result;
  result.done = true;
  result.may_watch = answer.ok();
  result.refusal = answer.status;
  probes_.insert_or_assign(gvr, result);
  co_return result;
}

beehive::Application Scopes::watch_call(const Scope& scope) const {
  const ScopeKey& key = scope.key;
  const bool pods = key.resource->group.empty() && key.resource->plural == "pods";
  Json option = {{"watch", true}};
  if (!key.name.empty()) option["fieldSelector"] = "metadata.name=" + key.name;
  return cloud_.make(key_text(*key.resource, pods ? "" : key.ns), "watch", kube::dump_json(option));
}

beehive::Application Scopes::list_call(const Scope& scope, const std::string& continuation) const {
  Json option = {{"limit", limits_.page}};
  if (!scope.key.name.empty()) option["fieldSelector"] = "metadata.name=" + scope.key.name;
  if (!continuation.empty()) option["continue"] = continuation;
  return cloud_.make(key_text(*scope.key.resource, scope.key.ns), "list", kube::dump_json(option));
}

boost::asio::awaitable<bool> Scopes::synchronize(ScopePtr scope) {
  const unsigned session = cloud_.session();
  const auto probed = co_await probe(scope->key.resource);
  if (!probed) co_return false;
  scope->polled = !probed->may_watch;
  if (probed->may_watch && (!scope->listens || scope->session != session)) {
    beehive::Application question = watch_call(*scope);
    const CloudAnswer answer = co_await cloud_.call(std::move(question));
    if (answer.kind == CloudAnswer::Kind::kUnreachable) co_return false;
    scope->polled = answer.refused();
    scope->listens = answer.ok();
  }
  if (scope->polled && scope->key.ns.empty() && !probed->may_watch) {
    scope->state = Scope::State::kRefused;
    scope->refusal = probed->refusal;
    scope->listed_at = context_.clock.steady();
    co_return false;
  }
  const bool listed = co_await list(scope);
  if (!listed || session != cloud_.session()) co_return false;
  scope->session = session;
  scope->state = Scope::State::kCurrent;
  scope->as_of = context_.clock.wall();
  scope->listed_at = context_.clock.steady();
  co_return true;
}

boost::asio::awaitable<bool> Scopes::list(ScopePtr scope) {
  std::unordered_set<std::string> seen;
  std::string continuation;
  std::uint64_t version = 0;
  do {
    beehive::Application question = list_call(*scope, continuation);
    const CloudAnswer answer = co_await cloud_.call(std::move(question));
    if (answer.refused()) {
      if (answer.status.code == 410 && !continuation.empty())
        co_return false;  // the token is too old: the next run lists from the start
      scope->state = Scope::State::kRefused;
      scope->refusal = answer.status;
      scope->listed_at = context_.clock.steady();
    }
    if (!answer.ok()) co_return false;
    const Page page = read_page(answer.body, *scope->key.resource);
    if (version == 0) version = page.version;
    for (const ObjectPtr& object : page.objects)
      seen.insert(std::string(object->ns()) + "/" + std::string(object->name()));
    if (seen.size() > limits_.objects || cache_.bytes() > limits_.bytes) {
      scope->state = Scope::State::kRefused;
      scope->refusal =
          kube::Status::too_many_requests("the resource is too large to be kept on this node", 60);
      scope->listed_at = context_.clock.steady();
      co_return false;
    }
    cache_.keep(*cache_.open(scope->key.resource), page.objects);
    continuation = page.continuation;
    co_await boost::asio::post(context_.executor, boost::asio::use_awaitable);
  } while (!continuation.empty());
  settle_list(*scope, seen, version);
  // Parsing took several times the memory of the objects: give it back.
  if (seen.size() > kTrimAbove) ::malloc_trim(0);
  co_return true;
}

void Scopes::settle_list(Scope& scope, const std::unordered_set<std::string>& seen, std::uint64_t version) {
  const CollectionPtr collection = cache_.open(scope.key.resource);
  const bool pods = scope.key.resource->group.empty() && scope.key.resource->plural == "pods";
  std::vector<ObjectPtr> gone;
  for (const ObjectPtr& object : collection->objects()) {
    if (!lies_in(*object, scope.key) || object->version() > version) continue;
    if (seen.contains(std::string(object->ns()) + "/" + std::string(object->name()))) continue;
    // metamanager decides about the pods of this node: they are removed by its message.
    if (pods && object->string_at({"spec", "nodeName"}) == cloud_.node_name()) continue;
    gone.push_back(object);
  }
  for (const ObjectPtr& object : gone) cache_.drop(*collection, object, version);
  collection->mark(version);
}

void Scopes::on_link(bool up) {
  cloud_.set_link(up);
  for (auto& [id, scope] : scopes_) {
    if (scope->state == Scope::State::kCurrent && !up) scope->as_of = context_.clock.wall();
    scope->state = Scope::State::kStale;
  }
  if (up && !scopes_.empty()) tasks_.spawn("watches after a reconnect", resume_all());
}

boost::asio::awaitable<void> Scopes::resume_all() {
  const unsigned session = cloud_.session();
  // First ask which resources CloudCore may list: a watch of another one would stop it for all nodes.
  std::vector<ScopePtr> all;
  for (const auto& [id, scope] : scopes_) all.push_back(scope);
  for (const ScopePtr& scope : all) {
    if (!scope->listens) continue;
    const auto probed = co_await probe(scope->key.resource);
    if (session != cloud_.session()) co_return;
    if (!probed || !probed->may_watch) scope->listens = false;
  }
  co_await sync_listeners();
  if (session != cloud_.session()) co_return;
  for (const ScopePtr& scope : all) {
    // The listener is back; the list finds the changes in between.
    if (scope->listens) scope->session = session;
    if (scope->users > 0 || context_.clock.steady() - scope->last_use < limits_.linger) start(scope);
  }
}

boost::asio::awaitable<void> Scopes::sync_listeners() {
  syncing_listeners_ = true;
  listeners_changed_ = false;
  last_sync_ = context_.clock.steady();
  Json live = Json::object();
  std::map<std::string, ScopePtr> by_id;
  for (const auto& [id, scope] : scopes_) {
    if (!scope->listens) continue;
    const beehive::Application call = watch_call(*scope);
    by_id.emplace(beehive::application_id(call), scope);
    live[beehive::application_id(call)] = beehive::application_content(call);
  }
  const CloudAnswer answer = co_await cloud_.sync_watches(std::move(live));
  syncing_listeners_ = false;
  if (!answer.ok()) {
    listeners_changed_ = true;  // again with the next tend()
    co_return;
  }
  const Json failed = kube::stored_json(answer.body);
  if (!failed.is_object()) co_return;
  for (const auto& [id, application] : failed.items()) {
    const auto at = by_id.find(id);
    if (at == by_id.end()) continue;
    at->second->listens = false;
    at->second->state = Scope::State::kStale;
  }
}

void Scopes::listeners_changed() {
  listeners_changed_ = true;
}

void Scopes::tend() {
  const SteadyTime now = context_.clock.steady();
  bool gave_up = false;
  for (auto at = scopes_.begin(); at != scopes_.end();) {
    Scope& scope = *at->second;
    if (scope.users > 0) scope.last_use = now;
    const bool idle = scope.users == 0 && !scope.running && now - scope.last_use > limits_.linger;
    if (idle) {
      gave_up = gave_up || scope.listens;
      at = scopes_.erase(at);
      continue;
    }
    if (scope.state == Scope::State::kRefused && now - scope.listed_at > kRefusalHolds)
      scope.state = Scope::State::kStale;
    const bool poll = scope.polled && scope.users > 0 && now - scope.listed_at > limits_.poll;
    const bool retry = scope.state == Scope::State::kStale && scope.users > 0;
    if ((poll || retry) && cloud_.usable()) start(at->second);
    ++at;
  }
  if (gave_up) listeners_changed();
  const bool doubt = !scopes_.empty() && now - last_sync_ > limits_.doubt;
  if ((listeners_changed_ || doubt) && !syncing_listeners_ && cloud_.usable())
    tasks_.spawn("watch sync", sync_listeners());
}

}  // namespace edgecore::metaserver
