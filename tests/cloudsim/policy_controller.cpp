#include "cloudsim/policy_controller.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "cloudsim/replies.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {
namespace {

constexpr char kEdgeLabel[] = "node-role.kubernetes.io/edge";

/// The members of an object's metadata that travel in a ServiceAccountAccess.
Json bare(const Json& object) {
  Json metadata = {{"creationTimestamp", nullptr}};
  for (const char* field : {"name", "namespace", "labels", "annotations", "finalizers"}) {
    if (const Json* value = kube::find_keys(object, {"metadata", field})) metadata[field] = *value;
  }
  return metadata;
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

Json bare_binding(const Json& binding) {
  Json copy = {{"metadata", bare(binding)}};
  for (const char* member : {"subjects", "roleRef"}) {
    if (binding.contains(member)) copy[member] = binding[member];
  }
  return copy;
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

bool PolicyController::concerns(const Change& change) {
  constexpr std::array<std::string_view, 7> kKinds = {
      "Pod", "Node", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"};
  if (std::find(kKinds.begin(), kKinds.end(), change.kind->kind) == kKinds.end()) return false;
  // What nodes report about themselves and their pods comes often and says nothing about rights.
  if (change.type != ChangeType::modified) return true;
  if (change.kind->kind == "Pod")
    return kube::string_or(*change.before, "spec.nodeName") !=
           kube::string_or(*change.object, "spec.nodeName");
  return change.kind->kind != "Node";
}

std::map<PolicyController::Account, PolicyController::Nodes> PolicyController::accounts_in_use() const {
  std::map<Account, Nodes> used;
  for (const Object& pod : cluster_.list(kind_named("Pod"))) {
    const std::string node = kube::string_or(*pod, "spec.nodeName");
    const Object object = node.empty() ? nullptr : cluster_.find(kind_named("Node"), "", node);
    if (!object || kube::find_keys(*object, {"metadata", "labels", kEdgeLabel}) == nullptr) continue;
    used[{namespace_of(*pod), kube::string_or(*pod, "spec.serviceAccountName", "default")}].insert(node);
  }
  return used;
}

void PolicyController::reconcile() {
  std::map<Account, Nodes> used = accounts_in_use();
  for (const Object& access : cluster_.list(kind_named("ServiceAccountAccess")))
    used.try_emplace({namespace_of(*access), name_of(*access)});
  for (const auto& [account, nodes] : used) reconcile(account, nodes);
}

void PolicyController::reconcile(const Account& account, const Nodes& nodes) {
  const ResourceKind& kind = kind_named("ServiceAccountAccess");
  const auto& [ns, name] = account;
  const Object stored = cluster_.find(kind, ns, name);
  const Object service_account = cluster_.find(kind_named("ServiceAccount"), ns, name);
  const Nodes before = stored ? listed_nodes(*stored) : Nodes();
  if (!service_account || nodes.empty()) {
    if (!stored) return;
    const Deletion gone = cluster_.remove(kind, ns, name);
    send(names::operation::kDelete, *gone.object, before);
    return;
  }
  Json spec = access_of(*service_account);
  const bool same = stored && kube::object_or_empty(*stored, "spec") == spec;
  if (same && before == nodes) return;
  Json access = stored ? *stored : Json{{"metadata", {{"name", name}}}};
  access["spec"] = std::move(spec);
  access["status"] = {{"nodeList", nodes}};
  const Object now = stored ? cluster_.update(kind, ns, name, std::move(access))
                            : cluster_.create(kind, ns, std::move(access));
  if (same) {
    send(names::operation::kInsert, *now, without(nodes, before));
  } else {
    send(names::operation::kUpdate, *now, nodes);
  }
  send(names::operation::kDelete, *now, without(before, nodes));
}

/// The rules of a binding's role, kept alive by `holder`; nullptr when there is no such role.
const Json* PolicyController::rules_of(const Json& reference, const std::string& ns, Object& holder) const {
  const bool in_namespace = kube::string_or(reference, "kind") == "Role";
  holder = cluster_.find(kind_named(in_namespace ? "Role" : "ClusterRole"), in_namespace ? ns : "",
                         kube::string_or(reference, "name"));
  return holder ? &kube::array_or_empty(*holder, "rules") : nullptr;
}

Json PolicyController::access_of(const Json& account) const {
  Json copy = {{"metadata", bare(account)}};
  Json spec = {{"serviceAccount", std::move(copy)}, {"serviceAccountUid", uid_of(account)}};
  const std::string ns = namespace_of(account);
  Object role;
  for (const Object& binding : cluster_.list(kind_named("RoleBinding"), ns)) {
    if (!names_account(*binding, account)) continue;
    const Json* rules = rules_of(kube::object_or_empty(*binding, "roleRef"), ns, role);
    if (rules == nullptr) return spec;  // CloudCore gives up here too and leaves the list short
    spec["accessRoleBinding"].push_back({{"roleBinding", bare_binding(*binding)}, {"rules", *rules}});
  }
  for (const Object& binding : cluster_.list(kind_named("ClusterRoleBinding"))) {
    if (!names_account(*binding, account)) continue;
    const Json* rules = rules_of(kube::object_or_empty(*binding, "roleRef"), "", role);
    if (rules == nullptr) return spec;
    spec["accessClusterRoleBinding"].push_back(
        {{"clusterRoleBinding", bare_binding(*binding)}, {"rules", *rules}});
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
