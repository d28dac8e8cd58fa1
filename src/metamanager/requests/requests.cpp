// SPDX-License-Identifier: Apache-2.0
#include "metamanager/requests/requests.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "edgecore/async/attempt.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/store/awaitable.hpp"
#include "edgecore/store/info.hpp"
#include "edgecore/store/meta.hpp"
#include "metamanager/objects/service_account.hpp"
#include "metamanager/objects/token.hpp"
#include "metamanager/requests/answers.hpp"

namespace edgecore::metamanager {

namespace op = names::operation;
namespace type = names::resource;

Requests::Requests(Parts parts) : parts_(std::move(parts)), flights_(parts_.tasks, "query of the cloud") {}

void Requests::refuse(const beehive::Message& request, const kube::Status& status) {
  parts_.context.bus.respond(answer_message(request, refusal(status)));
}

boost::asio::awaitable<void> Requests::serve(beehive::MessagePtr request) {
  kube::CloudReply answer;
  try {
    const auto path = beehive::parse_resource(request->route.resource);
    if (!path) {
      answer = refusal(kube::Status::bad_request("the resource is not of the form namespace/type/name"));
    } else {
      answer = co_await answer_to(*request, *path);
    }
  } catch (const Refused& refused) {
    answer = refused.answer();
  } catch (const boost::system::system_error& failure) {
    if (failure.code() == boost::asio::error::operation_aborted) throw;
    answer = refusal(kube::Status::internal(failure.what()));
  } catch (const std::exception& failure) {
    parts_.context.log->error("{} of {} failed: {}", log::quote(request->route.operation),
                              log::quote(request->route.resource), failure.what());
    answer = refusal(kube::Status::internal(failure.what()));
  }
  parts_.context.bus.respond(answer_message(*request, std::move(answer)));
}

Requests::Reply Requests::answer_to(const beehive::Message& request, const beehive::ResourcePath& path) {
  switch (request_kind(request.route.operation, path)) {
    case RequestKind::kListPods:
      co_return list_pods();
    case RequestKind::kGetPod:
      co_return co_await get_pod(path);
    case RequestKind::kTracked:
      co_return co_await get_tracked(path);
    case RequestKind::kNode:
      co_return co_await get_node(path);
    case RequestKind::kServiceAccount:
      co_return get_service_account(path);
    case RequestKind::kToken:
      co_return co_await get_token(request, path);
    case RequestKind::kDropTokens:
      co_return co_await drop_pod_tokens(path);
    case RequestKind::kGetLease:
      co_return co_await get_lease(path);
    case RequestKind::kWriteLease:
      co_return co_await write_lease(request, path);
    case RequestKind::kCreateNode:
      co_return co_await create_node(request, path);
    case RequestKind::kPatchNode:
      co_return co_await patch_node(request, path);
    case RequestKind::kPatchPod:
      co_return co_await patch_pod(request, path);
    case RequestKind::kCreatePod:
      co_return co_await create_pod(request, path);
    case RequestKind::kDeletePod:
      co_return co_await delete_pod(request, path);
    case RequestKind::kCreateCsr:
      co_return co_await forward(request, path);
    case RequestKind::kGetCsr:
      co_return co_await get_csr(path);
    case RequestKind::kPatchStored:
      co_return co_await patch_stored(request, path);
    case RequestKind::kShowPodStatus:
      co_return co_await show_pod_status(request, path);
    case RequestKind::kLocal:
      co_return get_local(path);
    case RequestKind::kUnknown:
      break;
  }
  co_return refusal(kube::Status::method_not_allowed(path.type, request.route.operation));
}

std::optional<Json> Requests::stored(const beehive::ResourcePath& path) const {
  const auto row = store::meta::find(parts_.reader, row_key(path));
  if (!row) return std::nullopt;
  return read_row(row->value, path.type);
}

kube::CloudReply Requests::list_pods() const {
  Json pods = Json::array();
  const PendingDeletions deletions(parts_.reader);
  for (const auto& row : store::meta::list(parts_.reader, type::kPod)) {
    auto pod = read_row(row.value, type::kPod);
    if (pod) {
      deletions.mark(*pod);
      pods.push_back(std::move(*pod));
    } else {
      parts_.context.log->warn("skipping the stored pod {}: its row is not a JSON object",
                               log::quote(row.key));
    }
  }
  return object_answer(std::move(pods));
}

kube::CloudReply Requests::get_local(const beehive::ResourcePath& path) const {
  auto object = stored(path);
  return object ? object_answer(std::move(*object)) : not_found(path);
}

kube::CloudReply Requests::get_service_account(const beehive::ResourcePath& path) const {
  beehive::ResourcePath access_path = path;
  access_path.type = type::kServiceAccountAccess;
  if (const auto access = stored(access_path)) {
    auto account = service_account_of(*access);
    if (account) return object_answer(std::move(*account));
  }
  return not_found(path);
}

Requests::Reply Requests::get_pod(const beehive::ResourcePath& path) {
  auto pod = stored(path);
  if (pod) {
    PendingDeletions(parts_.reader).mark(*pod);
    co_return object_answer(std::move(*pod));
  }
  if (!store::info::resync_needed(parts_.reader)) co_return not_found(path);
  // The pod may have been lost with the database: on "not found" edged would stop it.
  if (parts_.cloud.is_down())
    co_return broken_answer(kube::Status::service_unavailable(
        "the database is new, and the cloud, which may know the pod, is not reachable"));
  co_return co_await ask_once(RequestKind::kGetPod, path);
}

Requests::Reply Requests::get_tracked(const beehive::ResourcePath& path) {
  const std::string key = row_key(path);
  auto local = stored(path);
  if (local && (parts_.cloud.is_down() || parts_.freshness.is_current(key))) {
    co_return object_answer(std::move(*local));
  }
  std::optional<std::chrono::milliseconds> patience;
  if (local) patience = parts_.patience;
  Json nothing;
  auto answer = co_await shared_answer(key, RequestKind::kTracked, path, std::move(nothing), patience);
  if (answer && (!local || answer->kind != kube::ReplyKind::kBroken)) co_return std::move(*answer);
  if (!answer) left_.insert(key);
  // A push may have been stored meanwhile.
  auto now = stored(path);
  co_return object_answer(now ? std::move(*now) : std::move(*local));
}

Requests::Reply Requests::get_node(const beehive::ResourcePath& path) {
  if (path.name != parts_.node_name) co_return get_local(path);
  const Json* own = parts_.node.latest();
  if (own != nullptr && (!parts_.node.doubted() || parts_.cloud.is_down())) co_return object_answer(*own);
  kube::CloudReply answer = co_await ask_once(RequestKind::kNode, path);
  own = parts_.node.latest();
  if (answer.kind == kube::ReplyKind::kBroken && own != nullptr) co_return object_answer(*own);
  co_return answer;
}

Requests::Reply Requests::get_lease(const beehive::ResourcePath& path) {
  const Json* own = parts_.lease.latest();
  if (own != nullptr && path.name == parts_.node_name) co_return object_answer(*own);
  co_return co_await ask_once(RequestKind::kGetLease, path);
}

Requests::Reply Requests::get_csr(const beehive::ResourcePath& path) {
  co_return co_await ask_once(RequestKind::kGetCsr, path);
}

Requests::Reply Requests::get_token(const beehive::Message& request, const beehive::ResourcePath& path) {
  const Json ask = decoded_content(request.content);
  if (!ask.is_object()) co_return refusal(kube::Status::bad_request("the content is not a TokenRequest"));
  auto kept = find_token(parts_.reader, path.ns, path.name, ask);
  const TokenAge age = kept ? judge_token(*kept, parts_.context.clock.wall()) : TokenAge::kUnusable;
  if (age == TokenAge::kFresh) co_return object_answer(std::move(*kept));
  if (age == TokenAge::kUnusable) kept.reset();

  std::optional<std::chrono::milliseconds> patience;
  if (age == TokenAge::kRefreshDue) patience = parts_.patience;
  std::string key = token_key(path.ns, path.name, ask);
  auto answer = co_await shared_answer(std::move(key), RequestKind::kToken, path, ask, patience);
  if (answer && (answer->ok() || !kept)) co_return std::move(*answer);
  // The refresh failed or is slow. A valid token stays in use. An expired one is served too, unless the API
  // server itself has refused.
  if (age == TokenAge::kExpired) {
    if (answer->kind == kube::ReplyKind::kRefused) co_return std::move(*answer);
    mark_expired(*kept);
  }
  co_return object_answer(std::move(*kept));
}

Requests::Reply Requests::drop_pod_tokens(const beehive::ResourcePath& path) {
  const std::string uid = path.name;
  store::Job job = [uid](store::Transaction& from) { drop_tokens(from, uid); };
  co_await store::async_write(parts_.store, std::move(job));
  co_return done_answer();
}

boost::asio::awaitable<std::optional<kube::CloudReply>> Requests::shared_answer(
    std::string key, RequestKind kind, beehive::ResourcePath path, Json ask,
    std::optional<std::chrono::milliseconds> patience) {
  SteadyTime until = SteadyTime::max();
  if (patience) until = flights_.begun(key).value_or(steady_now()) + *patience;
  async::SingleFlight<std::string, kube::CloudReply>::Work work =
      [this, key, kind, path = std::move(path), ask = std::move(ask)] { return fly(key, kind, path, ask); };
  co_return co_await flights_.get(std::move(key), std::move(work), until);
}

Requests::Reply Requests::ask_once(RequestKind kind, beehive::ResourcePath path) {
  std::string key = row_key(path);
  Json nothing;
  auto answer =
      co_await shared_answer(std::move(key), kind, std::move(path), std::move(nothing), std::nullopt);
  co_return std::move(*answer);
}

Requests::Reply Requests::fly(std::string key, RequestKind kind, beehive::ResourcePath path, Json ask) {
  Outcome<kube::CloudReply> answer = co_await async::attempt(fetch(kind, path, ask));
  left_.erase(key);
  if (!answer) co_return broken_answer(kube::Status::internal(answer.failure().message()));
  co_return std::move(*answer);
}

}  // namespace edgecore::metamanager
