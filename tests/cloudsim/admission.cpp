// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/admission.hpp"

#include <algorithm>

#include "edgecore/base/uuid.hpp"
#include "edgecore/kube/defaults.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::cloudsim {
namespace {

constexpr char kTokenPath[] = "/var/run/secrets/kubernetes.io/serviceaccount";

bool mounts_token(const Json& container) {
  const Json& mounts = kube::array_or_empty(container, "volumeMounts");
  return std::any_of(mounts.begin(), mounts.end(),
                     [](const Json& mount) { return kube::string_or(mount, "mountPath") == kTokenPath; });
}

Json token_volume(const std::string& name) {
  Json token = {{"serviceAccountToken", {{"expirationSeconds", 3607}, {"path", "token"}}}};
  Json item = {{"key", "ca.crt"}, {"path", "ca.crt"}};
  Json ca = {{"configMap", {{"name", "kube-root-ca.crt"}, {"items", Json::array({item})}}}};
  Json field = {{"path", "namespace"},
                {"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", "metadata.namespace"}}}};
  Json down = {{"downwardAPI", {{"items", Json::array({field})}}}};
  return {{"name", name}, {"projected", {{"defaultMode", 420}, {"sources", Json::array({token, ca, down})}}}};
}

/// Admission plugin ServiceAccount: sets the account of a pod without one, and mounts the token in containers
/// that mount nothing at its path.
void add_service_account(const Cluster& cluster, Json& pod) {
  Json& spec = pod["spec"];
  if (kube::string_or(spec, "serviceAccountName").empty()) {
    const std::string legacy = kube::string_or(spec, "serviceAccount");
    spec["serviceAccountName"] = legacy.empty() ? "default" : legacy;
  }
  const std::string account = kube::string_or(spec, "serviceAccountName");
  spec["serviceAccount"] = account;
  const Object stored = cluster.find(kind_named("ServiceAccount"), namespace_of(pod), account);
  if (!stored) {
    throw ApiError(kube::Status::forbidden("pods", name_of(pod),
                                           "error looking up service account " + namespace_of(pod) + "/" +
                                               account + ": serviceaccount \"" + account + "\" not found"));
  }
  const bool wanted = kube::bool_or(spec, "automountServiceAccountToken",
                                    kube::bool_or(*stored, "automountServiceAccountToken", true));
  if (!wanted) return;
  const std::string volume = "kube-api-access-" + random_suffix();
  bool used = false;
  for (const char* list : {"containers", "initContainers"}) {
    if (!spec.contains(list) || !spec[list].is_array()) continue;
    for (Json& container : spec[list]) {
      if (!container.is_object() || mounts_token(container)) continue;
      container["volumeMounts"].push_back({{"name", volume}, {"readOnly", true}, {"mountPath", kTokenPath}});
      used = true;
    }
  }
  if (used) spec["volumes"].push_back(token_volume(volume));
}

void tolerate(Json& spec, const char* taint) {
  for (const Json& toleration : kube::array_or_empty(spec, "tolerations")) {
    const std::string key = kube::string_or(toleration, "key");
    if (key.empty() || key == taint) return;
  }
  spec["tolerations"].push_back(
      {{"key", taint}, {"operator", "Exists"}, {"effect", "NoExecute"}, {"tolerationSeconds", 300}});
}

void admit_pod(const Cluster& cluster, Json& pod) {
  if (!pod["spec"].is_object() || kube::array_or_empty(pod, "spec.containers").empty()) {
    throw ApiError(kube::Status::invalid("Pod", name_of(pod),
                                         {{"FieldValueRequired", "Required value", "spec.containers"}}));
  }
  const bool mirror =
      kube::find_keys(pod, {"metadata", "annotations", "kubernetes.io/config.mirror"}) != nullptr;
  if (!mirror) {
    add_service_account(cluster, pod);
    tolerate(pod["spec"], "node.kubernetes.io/not-ready");
    tolerate(pod["spec"], "node.kubernetes.io/unreachable");
  }
  Json& spec = pod["spec"];
  if (!spec.contains("priority")) spec["priority"] = 0;
  if (!spec.contains("preemptionPolicy")) spec["preemptionPolicy"] = "PreemptLowerPriority";
  pod.erase("status");
  kube::apply_pod_defaults(pod);
}

void admit_secret(Json& secret) {
  for (const auto& [key, value] : kube::object_or_empty(secret, "stringData").items()) {
    if (value.is_string()) secret["data"][key] = net::base64(value.get_ref<const std::string&>());
  }
  secret.erase("stringData");
  if (!secret.contains("type")) secret["type"] = "Opaque";
}

}  // namespace

std::string random_suffix() {
  static constexpr char kAlphabet[] = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix = random_bytes(5);
  for (char& c : suffix) c = kAlphabet[static_cast<unsigned char>(c) % (sizeof kAlphabet - 1)];
  return suffix;
}

void admit_new(const Cluster& cluster, const ResourceKind& kind, Json& object) {
  if (kind.kind == "Pod") admit_pod(cluster, object);
  if (kind.kind == "Secret") admit_secret(object);
  if (kind.kind == "Namespace") {
    object["spec"]["finalizers"] = Json::array({"kubernetes"});
    object["status"] = {{"phase", "Active"}};
    object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name_of(object);
  }
  if (kind.kind == "CertificateSigningRequest") object["status"] = Json::object();
}

void admit_update(const ResourceKind& kind, Json& object) {
  if (kind.kind == "Secret") admit_secret(object);
  if (kind.kind == "Pod") kube::apply_pod_defaults(object);
}

}  // namespace edgecore::cloudsim
