// SPDX-License-Identifier: Apache-2.0
// How OfflineWrites accepts writes and carries them out on the node. offline_writes_send.cpp sends them to
// the cloud.
#include "metaserver/writes/offline_writes.hpp"

#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/graceful_deletion.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/store/awaitable.hpp"
#include "edgecore/store/meta.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/media_types.hpp"
#include "metaserver/writes/device_patch.hpp"

namespace edgecore::metaserver {
namespace {

namespace writes = store::offline_writes;

constexpr std::chrono::seconds kLocalAnswerWithin{10};
constexpr std::int64_t kRetryAfterSeconds = 1;
constexpr const char* kMirrorAnnotation = "kubernetes.io/config.mirror";

[[noreturn]] void refuse(const std::string& why) {
  kube::Status status = kube::Status::service_unavailable(why);
  status.details.retry_after_seconds = kRetryAfterSeconds;
  throw ApiError(std::move(status));
}

/// The key in `meta_v2`.
std::string key_of(const Json& object, const char* plural) {
  kube::MetaKey key;
  const auto version = kube::parse_api_version(kube::string_or(object, "apiVersion"));
  if (version) {
    key.group = version->group;
    key.version = version->version;
  }
  key.plural = plural;
  key.name_space = kube::string_or(object, "metadata.namespace");
  key.name = kube::string_or(object, "metadata.name");
  if (!version || key.name.empty() || key.name_space.empty())
    bad_request("the object lacks its apiVersion, namespace or name");
  return key.text();
}

std::string resource_of(const Json& object, const char* type) {
  return beehive::resource_path(kube::string_or(object, "metadata.namespace"), type,
                                kube::string_or(object, "metadata.name"));
}

/// Checks the client's preconditions against this node's copy of the object.
void check_precondition(const Json& object, const std::string& plural, const Json& asked, const char* member,
                        const char* path) {
  const std::string wanted = kube::string_or(asked, member);
  const std::string here = kube::string_or(object, path);
  if (wanted.empty() || wanted == here) return;
  throw ApiError(kube::Status::conflict(plural, kube::string_or(object, "metadata.name"),
                                        "the " + std::string(member) + " in the precondition (" + wanted +
                                            ") is not that of the object (" + here + ")"));
}

/// The options that are sent to the cloud, with the uid as the only precondition: the pod's version in the
/// cloud rises with each status that this node reports.
Json options_for_cloud(const Json& options, const std::string& uid, std::int64_t grace) {
  Json sent = options.is_object() ? options : Json::object();
  sent["kind"] = "DeleteOptions";
  sent["apiVersion"] = "meta.k8s.io/v1";
  sent["gracePeriodSeconds"] = grace;
  sent["preconditions"] = {{"uid", uid}};
  return sent;
}

/// The answer to a write that the database did not take.
kube::Status refusal_of(const Failure& failure) {
  if (failure.as<store::QueueFull>()) {
    kube::Status full = kube::Status::service_unavailable(failure.message());
    full.details.retry_after_seconds = kRetryAfterSeconds;
    return full;
  }
  if (failure.as<BadInput>()) return kube::Status::request_too_large(failure.message());
  return kube::Status::internal(failure.message());
}

}  // namespace

OfflineWrites::OfflineWrites(Parts parts)
    : parts_(std::move(parts)), wakeup_(parts_.context.executor), retry_(parts_.retry) {
  count();
}

void OfflineWrites::count() {
  pending_ = writes::count(parts_.reader);
}

/// Throws ApiError if the pod is not this node's to delete, or a precondition does not hold.
void OfflineWrites::check_deletion(const Json& pod, const Json& options) const {
  if (kube::string_or(pod, "metadata.uid").empty() ||
      kube::string_or(pod, "spec.nodeName") != parts_.node_name)
    refuse("the cloud cannot be reached, and the pod does not run on this node");
  if (kube::object_or_empty(pod, "metadata.annotations").contains(kMirrorAnnotation)) {
    refuse(
        "the cloud cannot be reached, and this is the mirror of a static pod: remove its manifest from the "
        "node instead");
  }
  const Json& preconditions = kube::object_or_empty(options, "preconditions");
  check_precondition(pod, "pods", preconditions, "uid", "metadata.uid");
  check_precondition(pod, "pods", preconditions, "resourceVersion", "metadata.resourceVersion");
}

boost::asio::awaitable<Json> OfflineWrites::delete_pod(Json pod, Json options) {
  check_deletion(pod, options);
  const std::string uid = kube::string_or(pod, "metadata.uid");
  Row row;
  row.time = parts_.context.clock.wall();
  const std::int64_t grace = kube::deletion_grace(pod, options);
  Json mark = kube::deletion_mark(pod, row.time, grace);
  if (!kube::array_or_empty(options, "dryRun").empty()) {
    pod.merge_patch(mark);
    co_return pod;
  }
  row.key = key_of(pod, "pods");
  row.uid = uid;
  row.verb = writes::kDelete;
  row.content_type = kJsonType;
  row.body = kube::dump_json(options_for_cloud(options, uid, grace));
  row = co_await add(std::move(row));
  parts_.context.log->info("pod {}/{} ({}) is deleted offline; the deletion is sent to the cloud later",
                           kube::string_or(pod, "metadata.namespace"), kube::string_or(pod, "metadata.name"),
                           uid);
  if (mark.empty()) co_return pod;
  std::string resource = resource_of(pod, names::resource::kPod);
  Json patch = mark;
  LocalAnswer answer = co_await change(std::move(resource), uid, std::move(patch));
  if (answer.result == Local::kDone) co_return std::move(answer.object);
  if (answer.result == Local::kGone) {
    co_await forget(row.id);
    throw ApiError(std::move(answer.status));
  }
  // The deletion is accepted and on disk: run() repeats it until it is done.
  parts_.context.log->warn("cannot stop the deleted pod {} yet, trying again: {}", uid,
                           answer.status.message);
  deletions_begun_ = false;
  wakeup_.notify();
  pod.merge_patch(mark);
  co_return pod;
}

boost::asio::awaitable<Json> OfflineWrites::patch_device(Json device, std::string content_type,
                                                         std::string patch) {
  check_device(device);
  const auto turn = co_await device_turn_.acquire();
  device = newest_device(std::move(device));
  Json after = patched(device, content_type, patch);
  co_return co_await change_device(std::move(device), std::move(after));
}

boost::asio::awaitable<Json> OfflineWrites::update_device(Json device, Json wanted) {
  check_device(device);
  const auto turn = co_await device_turn_.acquire();
  device = newest_device(std::move(device));
  if (kube::string_or(wanted, "metadata.resourceVersion").empty() && wanted.is_object())
    wanted["metadata"]["resourceVersion"] = kube::string_or(device, "metadata.resourceVersion");
  co_return co_await change_device(std::move(device), std::move(wanted));
}

bool OfflineWrites::has_pending(std::string_view uid) const {
  return pending_ > 0 && writes::has(parts_.reader, uid);
}

/// Throws ApiError if this node does not serve the device.
void OfflineWrites::check_device(const Json& device) const {
  if (kube::string_or(device, "metadata.uid").empty() ||
      kube::string_or(device, "spec.nodeName") != parts_.node_name)
    refuse("the cloud cannot be reached, and the device is not served by this node");
}

/// The device as the last change left it: the caller's copy may be from before that.
Json OfflineWrites::newest_device(Json device) const {
  const auto stored = store::meta::find(parts_.reader, resource_of(device, names::resource::kDevice));
  Json newest = stored ? kube::stored_json(stored->value) : Json();
  const bool same = kube::string_or(newest, "metadata.uid") == kube::string_or(device, "metadata.uid");
  return same ? newest : device;
}

boost::asio::awaitable<Json> OfflineWrites::change_device(Json device, Json after) {
  const std::string uid = kube::string_or(device, "metadata.uid");
  const Json& metadata = kube::object_or_empty(after, "metadata");
  check_precondition(device, "devices.devices.kubeedge.io", metadata, "uid", "metadata.uid");
  check_precondition(device, "devices.devices.kubeedge.io", metadata, "resourceVersion",
                     "metadata.resourceVersion");
  const auto operations = desired_patch(device, after);
  if (!operations) {
    const std::string why = has_pending(uid)
                                ? "earlier changes of the device wait to be sent to the cloud, and until then"
                                : "the cloud cannot be reached, and without it";
    refuse(why + " only the desired values of a device's properties can be changed");
  }
  if (operations->empty()) co_return device;
  Row row;
  row.key = key_of(device, "devices");
  row.uid = uid;
  row.verb = writes::kPatch;
  row.content_type = kJsonPatchType;
  row.body = kube::dump_json(*operations);
  row.time = parts_.context.clock.wall();
  row = co_await add(std::move(row));
  std::string resource = resource_of(device, names::resource::kDevice);
  Json patch;
  patch["spec"]["properties"] = kube::array_or_empty(after, "spec.properties");
  LocalAnswer answer = co_await change(std::move(resource), uid, std::move(patch));
  if (answer.result == Local::kDone) co_return std::move(answer.object);
  co_await forget(row.id);
  throw ApiError(std::move(answer.status));
}

boost::asio::awaitable<OfflineWrites::Row> OfflineWrites::add(Row row) {
  const auto id = std::make_shared<std::int64_t>(0);
  store::Job job = [id, row](store::Transaction& into) { *id = writes::add(into, row); };
  const Outcome<void> written =
      co_await async::attempt(store::async_write(parts_.store, std::move(job), row.body.size()));
  if (!written) throw ApiError(refusal_of(written.failure()));
  row.id = *id;
  count();
  wakeup_.notify();
  co_return row;
}

boost::asio::awaitable<void> OfflineWrites::forget(std::int64_t id) {
  store::Job job = [id](store::Transaction& from) { writes::remove(from, id); };
  try {
    co_await store::async_write(parts_.store, std::move(job));
  } catch (const Error& failure) {
    // It is sent again, which is harmless because it names the uid.
    parts_.context.log->error(
        "cannot remove a finished offline write from the database, it will be sent again: {}",
        failure.what());
  }
  count();
}

boost::asio::awaitable<OfflineWrites::LocalAnswer> OfflineWrites::change(std::string resource,
                                                                         std::string uid, Json patch) {
  Json content;
  content["uid"] = std::move(uid);
  content["patch"] = std::move(patch);
  beehive::Message question =
      beehive::make_message(names::source::kMetaServer, names::group::kMeta, names::operation::kPatch,
                            std::move(resource), std::move(content));
  LocalAnswer answer;
  try {
    const beehive::MessagePtr said = co_await parts_.context.bus.request(
        names::module::kMetaManager, std::move(question), kLocalAnswerWithin);
    if (said->route.operation == names::operation::kResponse) {
      answer.result = Local::kDone;
      answer.object = said->content;
    } else {
      answer.status = kube::Status::from_json(said->content);
      const bool gone =
          answer.status.is(kube::reason::kNotFound) || answer.status.is(kube::reason::kConflict);
      if (gone) answer.result = Local::kGone;
    }
  } catch (const beehive::RequestFailed& failure) {
    answer.status = kube::Status::service_unavailable(failure.what());
  }
  co_return answer;
}

Json OfflineWrites::stored_pod(const Row& row) const {
  const auto key = kube::MetaKey::parse(row.key);
  if (!key) return nullptr;
  const auto stored = store::meta::find(
      parts_.reader, beehive::resource_path(key->name_space, names::resource::kPod, key->name));
  Json pod = stored ? kube::stored_json(stored->value) : Json();
  if (kube::string_or(pod, "metadata.uid") != row.uid) return nullptr;
  return pod;
}

boost::asio::awaitable<OfflineWrites::Local> OfflineWrites::begin_deletion(const Row& row) {
  const Json pod = stored_pod(row);
  if (pod.is_null()) co_return Local::kGone;
  const Json options = kube::stored_json(row.body);
  Json mark = kube::deletion_mark(pod, row.time, kube::deletion_grace(pod, options));
  if (mark.empty()) co_return Local::kDone;
  std::string resource = resource_of(pod, names::resource::kPod);
  const LocalAnswer answer = co_await change(std::move(resource), row.uid, std::move(mark));
  co_return answer.result;
}

boost::asio::awaitable<bool> OfflineWrites::repeat_deletions() {
  bool all = true;
  for (const Row& row : writes::deletions(parts_.reader)) {
    const Local result = co_await begin_deletion(row);
    // A pod vanishes here only when the cloud says that it is gone there.
    if (result == Local::kGone) co_await forget(row.id);
    all = all && result != Local::kFailed;
  }
  co_return all;
}

}  // namespace edgecore::metaserver
