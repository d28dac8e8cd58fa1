// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/cluster_controllers.hpp"

#include <algorithm>
#include <chrono>
#include <map>

#include "cloudsim/serving_request.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/kube/selector.hpp"
#include "edgecore/kube/time.hpp"
#include "edgecore/net/digest.hpp"
#include "support/objects.hpp"

namespace edgecore::cloudsim {
namespace {

constexpr std::chrono::seconds kNodeGrace{40};

const Json* condition(const Json& object, std::string_view type) {
  for (const Json& each : kube::array_or_empty(object, "status.conditions")) {
    if (kube::string_or(each, "type") == type) return &each;
  }
  return nullptr;
}

bool takes_pods(const Json& node) {
  const Json* ready = condition(node, "Ready");
  return ready != nullptr && kube::string_or(*ready, "status") == "True" &&
         !kube::bool_or(node, "spec.unschedulable", false) && is_edge(node);
}

bool selects(const Json& pod, const Json& node) {
  const Json wanted = {{"matchLabels", kube::object_or_empty(pod, "spec.nodeSelector")}};
  return test::matches_object(kube::LabelSelector::from_json(wanted), node);
}

}  // namespace

void ClusterControllers::schedule() {
  const std::vector<Object> nodes = cluster_.list(kind_named("Node"));
  for (const Object& pod : cluster_.list(kind_named("Pod"))) {
    if (!kube::string_or(*pod, "spec.nodeName").empty() ||
        kube::find_path(*pod, "metadata.deletionTimestamp"))
      continue;
    const auto fits = std::find_if(nodes.begin(), nodes.end(), [&](const Object& node) {
      return takes_pods(*node) && selects(*pod, *node);
    });
    if (fits != nodes.end()) bind(*pod, name_of(**fits));
  }
}

void ClusterControllers::bind(const Json& pod, const std::string& node) {
  const ResourceKind& kind = kind_named("Pod");
  const Json scheduled = {{"type", "PodScheduled"},
                          {"status", "True"},
                          {"lastProbeTime", nullptr},
                          {"lastTransitionTime", kube::format_time(cluster_.now())}};
  const Json status = {{"status", {{"conditions", Json::array({scheduled})}}}};
  cluster_.patch(kind, namespace_of(pod), name_of(pod), PatchType::kStrategic, status, "status");
  // The binding comes last, so that it is one change that includes the condition, as from an API server.
  cluster_.bind(namespace_of(pod), name_of(pod), node);
}

void ClusterControllers::watch_leases() {
  for (const Object& node : cluster_.list(kind_named("Node"))) {
    const std::string name = name_of(*node);
    const Object lease = cluster_.find(kind_named("Lease"), "kube-node-lease", name);
    const auto renewed = lease ? kube::time_at(*lease, "spec.renewTime") : std::nullopt;
    const Json* ready = condition(*node, "Ready");
    if (ready == nullptr) continue;
    const std::string heartbeat = kube::string_or(*ready, "lastHeartbeatTime");
    const auto [entry, first] = heard_.try_emplace(name, Heard{renewed, heartbeat, cluster_.now()});
    Heard& heard = entry->second;
    if (!first &&
        ((renewed && (!heard.renewed || *renewed > *heard.renewed)) || heartbeat != heard.heartbeat))
      heard = {renewed, heartbeat, cluster_.now()};
    if (kube::string_or(*ready, "status") == "Unknown" || cluster_.now() - heard.at <= kNodeGrace) continue;
    Json conditions = Json::array();
    for (Json each : kube::array_or_empty(*node, "status.conditions")) {
      each["status"] = "Unknown";
      each["reason"] = "NodeStatusUnknown";
      each["message"] = "Kubelet stopped posting node status.";
      each["lastTransitionTime"] = kube::format_time(cluster_.now());
      conditions.push_back(std::move(each));
    }
    const Json patch = {{"status", {{"conditions", std::move(conditions)}}}};
    cluster_.patch(kind_named("Node"), "", name, PatchType::kStrategic, patch, "status");
    log::get("cloudsim")->info("node {} has not renewed its lease and is now Unknown", name);
  }
}

void ClusterControllers::sign_certificates() {
  for (const Object& request : cluster_.list(kind_named("CertificateSigningRequest"))) {
    if (!kube::string_or(*request, "status.certificate").empty() || condition(*request, "Failed")) continue;
    sign(*request);
  }
}

void ClusterControllers::sign(const Json& request) {
  const std::string now = kube::format_time(cluster_.now());
  const auto condition_of = [&](const char* type, const char* reason, const std::string& message) {
    return Json{{"type", type},       {"status", "True"},      {"reason", reason},
                {"message", message}, {"lastUpdateTime", now}, {"lastTransitionTime", now}};
  };
  Json status = Json::object();
  try {
    std::string why;
    const auto wanted = approvable(request, why);
    if (!wanted) {
      log::get("cloudsim")->debug("{} is not approved: {}", name_of(request), why);
      return;
    }
    status["conditions"] =
        Json::array({condition_of("Approved", "AutoApproved", "approved by the test cloud")});
    status["certificate"] =
        net::base64(authority_.sign_serving(wanted->der, wanted->dns_names, wanted->ip_addresses));
  } catch (const BadInput& bad) {
    status["conditions"] = Json::array({condition_of("Failed", "SignerValidationFailure", bad.what())});
  }
  const Json patch = {{"status", std::move(status)}};
  cluster_.patch(kind_named("CertificateSigningRequest"), "", name_of(request), PatchType::kMerge, patch,
                 "status");
}

void ClusterControllers::collect(const Change& change) {
  if (change.kind->kind != "Node" || change.type != ChangeType::kDeleted) return;
  const std::string node = name_of(*change.object);
  DeleteOptions now;
  now.grace_seconds = 0;
  for (const Object& pod : cluster_.list(kind_named("Pod"))) {
    if (kube::string_or(*pod, "spec.nodeName") == node)
      cluster_.remove(kind_named("Pod"), namespace_of(*pod), name_of(*pod), now);
  }
  if (cluster_.find(kind_named("Lease"), "kube-node-lease", node))
    cluster_.remove(kind_named("Lease"), "kube-node-lease", node);
}

}  // namespace edgecore::cloudsim
