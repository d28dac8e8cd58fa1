// SPDX-License-Identifier: Apache-2.0
#include "metamanager/delivery/gone_pods.hpp"

#include <boost/asio/use_awaitable.hpp>

#include "edgecore/base/log.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/store/awaitable.hpp"
#include "edgecore/store/meta.hpp"
#include "edgecore/store/pods.hpp"
#include "metamanager/delivery/handover.hpp"
#include "metamanager/objects/object_rows.hpp"

namespace edgecore::metamanager {
namespace {

constexpr int kNeeded = 3;  ///< answers that say "gone", the first included

Json minimal_pod(const std::string& ns, const std::string& name, const std::string& uid) {
  Json pod;
  pod["kind"] = "Pod";
  pod["apiVersion"] = "v1";
  pod["metadata"] = {{"namespace", ns}, {"name", name}, {"uid", uid}};
  return pod;
}

}  // namespace

bool says_gone(const kube::CloudReply& reply) {
  if (reply.kind != kube::ReplyKind::kRefused) return false;
  if (reply.status.is(kube::reason::kNotFound)) return true;
  return reply.status.is(kube::reason::kConflict) && reply.status.message.find("UID") != std::string::npos;
}

beehive::Message pod_probe(const std::string& ns, const std::string& name, const std::string& uid) {
  Json patch = Json::object();
  if (!uid.empty()) patch["metadata"]["uid"] = uid;
  return beehive::make_message(names::module::kEdged, names::group::kMeta, names::operation::kPatch,
                               beehive::resource_path(ns, names::resource::kPodPatch, name),
                               kube::dump_json(patch));
}

void GonePods::suspect(const std::string& ns, const std::string& name, const std::string& uid) {
  if (uid.empty() || !is_stored(ns, name, uid) || !checking_.insert(uid).second) return;
  tasks_.spawn("check of pod " + ns + "/" + name, check(ns, name, uid));
}

bool GonePods::is_stored(const std::string& ns, const std::string& name, const std::string& uid) const {
  const auto row = store::meta::find(reader_, beehive::resource_path(ns, names::resource::kPod, name));
  return row && store::pods::uid_of(row->value) == uid;
}

boost::asio::awaitable<void> GonePods::check(std::string ns, std::string name, std::string uid) {
  SteadyTimer timer(context_.executor);
  for (int said = 1; said < kNeeded;) {
    timer.expires_after(recheck_);
    co_await timer.async_wait(boost::asio::use_awaitable);
    if (!is_stored(ns, name, uid)) break;  // a delete came after all
    if (cloud_.is_down()) continue;
    beehive::Message probe = pod_probe(ns, name, uid);
    const Cloud::Answer answer = co_await cloud_.ask(std::move(probe));
    if (answer.reply.ok()) break;
    if (!says_gone(answer.reply)) continue;
    if (++said == kNeeded) co_await remove(ns, name, uid);
  }
  checking_.erase(uid);
}

boost::asio::awaitable<void> GonePods::remove(const std::string& ns, const std::string& name,
                                              const std::string& uid) {
  beehive::ResourcePath path;
  path.ns = ns;
  path.type = names::resource::kPod;
  path.name = name;
  const auto removal = make_removal(kinds_, path, minimal_pod(ns, name, uid));
  const auto outcome = std::make_shared<WriteOutcome>();
  store::Job job = [removal, outcome](store::Transaction& from) { *outcome = apply(from, *removal); };
  try {
    co_await store::async_write(store_, std::move(job));
  } catch (const Error& failure) {
    context_.log->error(
        "pod {}/{} is gone in the cloud but could not be removed from the database: {}. Its next status "
        "report tries again",
        ns, name, failure.what());
    co_return;  // its next status report starts over
  }
  if (outcome->kind != WriteOutcome::Kind::kRemoved) co_return;
  context_.log->warn(
      "pod {}/{} ({}) is removed: the cloud does not have it any more and has sent no deletion", ns, name,
      uid);
  co_await feed_.removed(removal);
  beehive::MessagePtr deletion = beehive::share(beehive::make_message(
      names::source::kEdgeController, names::group::kResource, names::operation::kDelete,
      beehive::resource_path(ns, names::resource::kPod, name), minimal_pod(ns, name, uid)));
  std::string edged = names::module::kEdged;
  co_await hand_over(context_, std::move(edged), std::move(deletion));
}

}  // namespace edgecore::metamanager
