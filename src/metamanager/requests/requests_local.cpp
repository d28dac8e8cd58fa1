// SPDX-License-Identifier: Apache-2.0
// The part of Requests that changes the node's own copy of an object while the cloud is not reachable.
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/store/awaitable.hpp"
#include "edgecore/store/meta_v2.hpp"
#include "metamanager/delivery/handover.hpp"
#include "metamanager/pushes/push.hpp"
#include "metamanager/requests/answers.hpp"
#include "metamanager/requests/requests.hpp"

namespace edgecore::metamanager {
namespace {

namespace type = names::resource;

kube::CloudReply other_uid(const beehive::ResourcePath& path) {
  const kube::ResourceKind* kind = kube::find_type(path.type);
  return refusal(kube::Status::conflict(kind != nullptr ? kind->plural : path.type, path.name,
                                        "an object of another UID has this name now"));
}

const char* source_of(const std::string& token) {
  return token == type::kDevice || token == type::kDeviceModel ? names::source::kDeviceController
                                                               : names::source::kEdgeController;
}

}  // namespace

boost::asio::awaitable<std::optional<LocalOutcome>> Requests::change_locally(LocalJob what,
                                                                             LocalChange change,
                                                                             kube::CloudReply& answer) {
  const auto shared = std::make_shared<const LocalChange>(std::move(change));
  const auto outcome = std::make_shared<LocalOutcome>();
  store::Job job = [what, shared, outcome](store::Transaction& into) { *outcome = what(into, *shared); };
  std::string why;
  bool bad = false;
  try {
    co_await store::async_write(parts_.store, std::move(job));
  } catch (const BadInput& failure) {
    bad = true;
    why = failure.what();
  } catch (const Error& failure) {
    why = failure.what();
  }
  if (!why.empty()) {
    answer = refusal(bad ? kube::Status::bad_request(why) : kube::Status::internal(why));
    co_return std::nullopt;
  }
  if (outcome->kind == LocalOutcome::Kind::kNotFound) {
    answer = not_found(shared->path);
    co_return std::nullopt;
  }
  if (outcome->kind == LocalOutcome::Kind::kOtherUid) {
    answer = other_uid(shared->path);
    co_return std::nullopt;
  }
  std::string key = shared->served.key;
  SharedText served = std::make_shared<const std::string>(kube::dump_json(outcome->served));
  co_await parts_.feed.changed(std::move(key), std::move(served));
  co_return std::move(*outcome);
}

Requests::Reply Requests::patch_stored(const beehive::Message& request, const beehive::ResourcePath& path) {
  if (request.route.source != names::source::kMetaServer)
    co_return refusal(kube::Status::method_not_allowed(path.type, request.route.operation));
  LocalChange change;
  change.path = path;
  change.uid = kube::string_or(request.content, "uid");
  change.patch = kube::object_or_empty(request.content, "patch");
  if (change.uid.empty())
    co_return refusal(kube::Status::bad_request("a local patch needs the object's uid"));
  const auto object = stored(path);
  if (!object) co_return not_found(path);
  auto rows = served_rows(parts_.kinds, *object, path, nullptr);
  if (rows.size() != 1) co_return refusal(kube::Status::bad_request("such objects have no local copy"));
  change.served = std::move(rows.front().row);
  kube::CloudReply answer;
  auto done = co_await change_locally(&merge_locally, std::move(change), answer);
  if (!done) co_return answer;
  std::string module = acting_module(path.type, done->object, parts_.node_name);
  if (!module.empty()) {
    beehive::MessagePtr news = beehive::share(beehive::make_message(
        source_of(path.type), names::group::kResource, names::operation::kUpdate,
        beehive::resource_path(path.ns, path.type, path.name), std::move(done->object)));
    co_await hand_over(parts_.context, std::move(module), std::move(news));
  }
  co_return object_answer(std::move(done->served));
}

Requests::Reply Requests::show_pod_status(const beehive::Message& request,
                                          const beehive::ResourcePath& path) {
  LocalChange change;
  change.path = path;
  change.path.type = type::kPod;
  change.patch = decoded_content(request.content);
  change.uid = kube::string_or(change.patch, "metadata.uid");
  if (change.uid.empty()) co_return refusal(kube::Status::bad_request("a pod's status needs the pod's uid"));
  change.served.key = store::meta_v2::make_key("", "v1", "pods", path.ns, path.name);
  change.served.gvr = store::meta_v2::make_gvr("", "v1", "pods");
  change.served.name_space = path.ns;
  change.served.name = path.name;
  kube::CloudReply answer;
  auto done = co_await change_locally(&metamanager::show_pod_status, std::move(change), answer);
  if (!done) co_return answer;
  co_return done_answer();
}

}  // namespace edgecore::metamanager
