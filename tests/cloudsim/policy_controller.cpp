// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/policy_controller.hpp"

#include <algorithm>
#include <iterator>

#include "cloudsim/replies.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {
namespace {

/// The whole object, as a ServiceAccountAccess carries it.
Json copy_of(const Json& object) {
  Json copy = object;
  copy["metadata"].erase("managedFields");
  return copy;
}

/// The parts of a spec to compare: without the versions of the copied objects.
Json comparable(Json spec) {
  const auto strip = [](Json& holder, const char* member) {
    if (holder.contains(member)) holder[member]["metadata"].erase("resourceVersion");
  };
  strip(spec, "serviceAccount");
  for (const auto& [list, member] : {std::pair("accessRoleBinding", "roleBinding"),
                                     std::pair("accessClusterRoleBinding", "clusterRoleBinding")}) {
    if (!spec.contains(list)) continue;
    for (Json& entry : spec[list]) strip(entry, member);
  }
  return spec;
}

bool names_account(const Json& binding, const Json& account) {
  const std::string ns = namespace_of(account);
  for (const Json& subject : kube::array_or_empty(binding, "subjects")) {
    const std::string kind = kube::string_or(subject, "kind");
    const std::string name = kube::string_or(subject, "name");
    if (kind == "ServiceAccount" && name == name_of(account) &&
        kube::string_or(subject, "namespace", namespace_of(binding)) == ns)
      return true;
    if (kind == "User" && name == "system:serviceaccount:" + ns + ":" + name_of(account)) return true;
    if (kind == "Group" && (name == "system:serviceaccounts" || name == "system:serviceaccounts:" + ns))
      return true;
  }
  return false;
}

std::set<std::string> listed_nodes(const Json& access) {
  std::set<std::string> nodes;
  for (const Json& node : kube::array_or_empty(access, "status.nodeList")) {
    if (node.is_string()) nodes.insert(node.get<std::string>());
  }
  return nodes;
}

std::set<std::string> without(const std::set<std::string>& all, const std::set<std::string>& those) {
  std::set<std::string> left;
  std::set_difference(all.begin(), all.end(), those.begin(), those.end(), std::inserter(left, left.end()));
  return left;
}

}  // namespace

void PolicyController::changed(const Change& change) {
  const std::string_view kind = change.kind->kind;
  const std::string ns = namespace_of(*change.object);
  if (kind == "Pod" && change.type != ChangeType::kDeleted) pod_changed(*change.object);
  if (kind == "ServiceAccount" || kind == "Role" || kind == "RoleBinding") reconcile_all(ns);
  if (kind == "ClusterRole" || kind == "ClusterRoleBinding") reconcile_all("");
  if (kind == "ServiceAccountAccess" && change.type != ChangeType::kDeleted)
    reconcile({ns, name_of(*change.object)});
}

void PolicyController::pod_changed(const Json& pod) {
  const std::string name = kube::string_or(pod, "spec.serviceAccountName");
  if (name.empty() || !is_edge_node(kube::string_or(pod, "spec.nodeName"))) return;
  const std::string ns = namespace_of(pod);
  const ResourceKind& kind = kind_named("ServiceAccountAccess");
  const bool ending = kube::find_path(pod, "metadata.deletionTimestamp") != nullptr;
  const bool known = cluster_.find(kind, ns, name) != nullptr;
  if (known && ending) return reconcile({ns, name});
  if (known || ending) return;
  Json account = {{"metadata", {{"name", name}, {"namespace", ns}, {"creationTimestamp", nullptr}}}};
  cluster_.create(kind, ns,
                  {{"metadata", {{"name", name}}}, {"spec", {{"serviceAccount", std::move(account)}}}});
}

void PolicyController::replay() {
  for (const Object& pod : cluster_.list(kind_named("Pod"))) pod_changed(*pod);
  reconcile_all("");
}

void PolicyController::reconcile_all(const std::string& ns) {
  for (const Object& access : cluster_.list(kind_named("ServiceAccountAccess"), ns))
    reconcile({namespace_of(*access), name_of(*access)});
}

bool PolicyController::is_edge_node(const std::string& node) const {
  const Object object = node.empty() ? nullptr : cluster_.find(kind_named("Node"), "", node);
  return object && is_edge(*object);
}

PolicyController::Nodes PolicyController::nodes_of(const Account& account) const {
  Nodes nodes;
  for (const Object& pod : cluster_.list(kind_named("Pod"), account.first)) {
    const std::string node = kube::string_or(*pod, "spec.nodeName");
    if (kube::string_or(*pod, "spec.serviceAccountName") == account.second && is_edge_node(node))
      nodes.insert(node);
  }
  return nodes;
}

void PolicyController::reconcile(const Account& account) {
  const ResourceKind& kind = kind_named("ServiceAccountAccess");
  const auto& [ns, name] = account;
  const Object stored = cluster_.find(kind, ns, name);
  if (!stored) return;
  const Object service_account = cluster_.find(kind_named("ServiceAccount"), ns, name);
  const Nodes before = listed_nodes(*stored);
  if (!service_account) {
    const Deletion gone = cluster_.remove(kind, ns, name);
    send(names::operation::kDelete, *gone.object, before);
    return;
  }
  const Nodes nodes = nodes_of(account);
  Json spec = access_of(*service_account);
  const bool same = comparable(kube::object_or_empty(*stored, "spec")) == comparable(spec);
  if (same && before == nodes) return;
  Json access = *stored;
  access["spec"] = std::move(spec);
  access["status"] = {{"nodeList", nodes}};
  const Object now = cluster_.update(kind, ns, name, std::move(access));
  if (same) {
    send(names::operation::kInsert, *now, without(nodes, before));
  } else {
    send(names::operation::kUpdate, *now, nodes);
  }
  send(names::operation::kDelete, *now, without(before, nodes));
}

/// The rules of a binding's role; `holder` keeps them alive. nullptr if the role does not exist.
const Json* PolicyController::rules_of(const Json& reference, const std::string& ns, Object& holder) const {
  const bool in_namespace = kube::string_or(reference, "kind") == "Role";
  holder = cluster_.find(kind_named(in_namespace ? "Role" : "ClusterRole"), in_namespace ? ns : "",
                         kube::string_or(reference, "name"));
  return holder ? &kube::array_or_empty(*holder, "rules") : nullptr;
}

Json PolicyController::access_of(const Json& account) const {
  Json spec = {{"serviceAccount", copy_of(account)}, {"serviceAccountUid", uid_of(account)}};
  const std::string ns = namespace_of(account);
  Object role;
  for (const Object& binding : cluster_.list(kind_named("RoleBinding"), ns)) {
    if (!names_account(*binding, account)) continue;
    const Json* rules = rules_of(kube::object_or_empty(*binding, "roleRef"), ns, role);
    if (rules == nullptr) return spec;  // like CloudCore, which then leaves the list short
    spec["accessRoleBinding"].push_back({{"roleBinding", copy_of(*binding)}, {"rules", *rules}});
  }
  for (const Object& binding : cluster_.list(kind_named("ClusterRoleBinding"))) {
    if (!names_account(*binding, account)) continue;
    const Json* rules = rules_of(kube::object_or_empty(*binding, "roleRef"), "", role);
    if (rules == nullptr) return spec;
    spec["accessClusterRoleBinding"].push_back(
        {{"clusterRoleBinding", copy_of(*binding)}, {"rules", *rules}});
  }
  return spec;
}

void PolicyController::send(const char* operation, const Json& access, const Nodes& nodes) {
  Json content = access;
  content["status"] = Json::object();
  const std::string resource =
      beehive::resource_path(namespace_of(access), "serviceaccountaccess", name_of(access));
  for (const std::string& node : nodes)
    downlink_.send(node, push(names::source::kPolicyController, operation, resource, content));
}

}  // namespace edgecore::cloudsim
