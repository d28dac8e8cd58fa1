// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include "keadm/describe.hpp"
#include "keadm/description.hpp"
#include "keadm/text.hpp"

namespace edgecore::keadm {
namespace {

using kube::array_or_empty;
using kube::object_or_empty;
using kube::string_or;

std::vector<std::string> roles(const Json& node) {
  constexpr std::string_view kRole = "node-role.kubernetes.io/";
  std::vector<std::string> out;
  for (const auto& [key, value] : object_or_empty(node, "metadata.labels").items()) {
    if (key.starts_with(kRole) && key.size() > kRole.size()) out.push_back(key.substr(kRole.size()));
  }
  return out;
}

std::vector<std::string> taints(const Json& node) {
  std::vector<std::string> out;
  for (const auto& one : array_or_empty(node, "spec.taints")) {
    std::string text = string_or(one, "key");
    if (auto value = string_or(one, "value"); !value.empty()) text += "=" + value;
    out.push_back(text + ":" + string_or(one, "effect"));
  }
  return out;
}

void describe_node_conditions(Description& out, const Json& node) {
  std::vector<std::vector<std::string>> rows{{"Type", "Status", "LastHeartbeatTime", "Reason", "Message"}};
  for (const auto& one : array_or_empty(node, "status.conditions"))
    rows.push_back({one_line(string_or(one, "type")), one_line(string_or(one, "status")),
                    long_time(string_or(one, "lastHeartbeatTime")), one_line(string_or(one, "reason")),
                    one_line(string_or(one, "message"))});
  if (rows.size() == 1) return;
  out.heading(0, "Conditions");
  out.table(1, rows);
}

}  // namespace

std::string describe_node(const Json& node, const std::vector<Json>& pods, const Events& events,
                          WallTime now) {
  Description out;
  describe_metadata(out, node);
  out.list(0, "Roles", roles(node));
  out.map(0, "Labels", object_or_empty(node, "metadata.labels"), "=");
  out.map(0, "Annotations", object_or_empty(node, "metadata.annotations"), ": ");
  out.line(0, "CreationTimestamp", long_time(string_or(node, "metadata.creationTimestamp")));
  out.list(0, "Taints", taints(node));
  out.line(0, "Unschedulable", kube::bool_or(node, "spec.unschedulable", false) ? "true" : "false");
  describe_node_conditions(out, node);
  out.heading(0, "Addresses");
  for (const auto& one : array_or_empty(node, "status.addresses"))
    out.line(1, string_or(one, "type"), string_or(one, "address"));
  for (const auto& [path, label] :
       {std::pair{"status.capacity", "Capacity"}, std::pair{"status.allocatable", "Allocatable"}}) {
    out.heading(0, label);
    for (const auto& [key, value] : object_or_empty(node, path).items())
      out.line(1, key, value.is_string() ? value.get<std::string>() : kube::dump_json(value));
  }
  out.heading(0, "System Info");
  for (const auto& [key, value] : object_or_empty(node, "status.nodeInfo").items())
    out.line(1, spelled_out(key), value.is_string() ? value.get<std::string>() : kube::dump_json(value));
  std::vector<std::vector<std::string>> rows{{"Namespace", "Name", "Phase", "Age"}};
  for (const Json& pod : pods)
    rows.push_back({one_line(string_or(pod, "metadata.namespace")), one_line(string_or(pod, "metadata.name")),
                    one_line(string_or(pod, "status.phase")),
                    age_since(string_or(pod, "metadata.creationTimestamp"), now)});
  out.line(0, "Pods", std::to_string(pods.size()));
  if (!pods.empty()) out.table(1, rows);
  out.add_events(events, now);
  return out.take();
}

}  // namespace edgecore::keadm
