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

std::shared_ptr<async::Semaphore> Requests::local_turn(const beehive::ResourcePath& path) {
  std::erase_if(local_turns_, [](const auto& each) { return each.second.expired(); });
  std::weak_ptr<async::Semaphore>& known = local_turns_[row_key(path)];
  auto turn = known.lock();
  if (!turn) known = turn = std::make_shared<async::Semaphore>(1);
  return turn;
}

boost::asio::awaitable<LocalOutcome> Requests::write_locally(LocalPlanner plan, const LocalChange& change) {
  // The writer thread may hold the last reference to what the job captures.
  const auto wanted = std::make_shared<const LocalChange>(change);
  const auto written = std::make_shared<bool>(false);
  for (;;) {
    const auto planned = std::make_shared<const LocalPlan>(plan(parts_.reader, *wanted));
    if (planned->outcome.kind != LocalOutcome::Kind::kDone) co_return planned->outcome;
    store::Job job = [wanted, planned, written](store::Transaction& into) {
      *written = apply(into, *wanted, *planned);
    };
    co_await store::async_write(parts_.store, std::move(job));
    if (*written) co_return planned->outcome;  // else a push or an answer came in between
  }
}

boost::asio::awaitable<LocalOutcome> Requests::change_locally(LocalPlanner plan, LocalChange change) {
  // One after the other, in the order in which they came: of two statuses the newer one has to stay.
  const auto turn = local_turn(change.path);
  const auto permit = co_await turn->acquire();
  LocalOutcome outcome;
  try {
    outcome = co_await write_locally(plan, change);
  } catch (const BadInput& bad) {
    throw Refused(refusal(kube::Status::bad_request(bad.what())));
  }
  if (outcome.kind == LocalOutcome::Kind::kNotFound) throw Refused(not_found(change.path));
  if (outcome.kind == LocalOutcome::Kind::kOtherUid) throw Refused(other_uid(change.path));
  std::string key = change.served.key;
  SharedText served = std::make_shared<const std::string>(kube::dump_json(outcome.served));
  co_await parts_.feed.changed(std::move(key), std::move(served));
  co_return outcome;
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
  LocalOutcome done = co_await change_locally(&plan_merge, std::move(change));
  std::string module = acting_module(path.type, done.object, parts_.node_name);
  if (!module.empty()) {
    beehive::MessagePtr news = beehive::share(
        beehive::make_message(source_of(path.type), names::group::kResource, names::operation::kUpdate,
                              beehive::resource_path(path.ns, path.type, path.name), std::move(done.object)));
    co_await hand_over(parts_.context, std::move(module), std::move(news));
  }
  co_return object_answer(std::move(done.served));
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
  co_await change_locally(&plan_shown_status, std::move(change));
  co_return done_answer();
}

}  // namespace edgecore::metamanager
