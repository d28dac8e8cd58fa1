// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/traffic.hpp"

#include <algorithm>
#include <chrono>

#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {
namespace {

constexpr std::size_t kViolations = 100;
constexpr std::size_t kKept = 2000;

template <typename Counts>
Json count_table(const Counts& counts) {
  Json rows = Json::object();
  for (const auto& [name, count] : counts)
    rows[name] = {{"messages", count.messages}, {"bytes", count.bytes}};
  return rows;
}

}  // namespace

std::string traffic_class(const beehive::Message& message) {
  const auto path = beehive::parse_resource(message.route.resource);
  const bool known = path && message.route.group != names::group::kUser;
  std::string what =
      message.route.operation == "null" ? kube::string_or(message.content, "Verb") : message.route.operation;
  if (message.route.operation == names::operation::kResponse && !message.header.parent_id.empty() &&
      message.content == names::content::kOk && message.route.source != names::source::kDeviceController)
    what = "ack";
  return what + " " + (known ? path->type : message.route.resource);
}

void Traffic::upstream(const std::string& node, const beehive::Message& message, std::size_t bytes) {
  Count& count = nodes_[node].up[traffic_class(message)];
  ++count.messages;
  count.bytes += bytes;
}

void Traffic::downstream(const std::string& node, const beehive::Message& message, std::size_t bytes) {
  Count& count = nodes_[node].down[traffic_class(message)];
  ++count.messages;
  count.bytes += bytes;
}

void Traffic::inspect(const std::string& node, const Json& raw) {
  if (kube::bool_or(raw, "header.sync", false)) violation(node, "A message carried sync:true.");
  const Json* timestamp = kube::find_path(raw, "header.timestamp");
  if (timestamp == nullptr || !timestamp->is_number_integer())
    violation(node, "A message's timestamp is not an integer.");
  if (kube::find_path(raw, "route.destination")) violation(node, "A message carried a destination.");
  if (kube::string_or(raw, "header.msg_id").empty()) violation(node, "A message has no id.");
}

void Traffic::violation(const std::string& node, const std::string& sentence) {
  auto& violations = nodes_[node].violations;
  violations.push_back(sentence);
  if (violations.size() > kViolations) violations.pop_front();
}

void Traffic::harmful_watch(const std::string& node, bool fatal, const std::string& sentence) {
  ++(fatal ? nodes_[node].fatal_watches : nodes_[node].hanging_watches);
  violation(node, sentence);
}

void Traffic::resent(const std::string& node, const beehive::Message& message) {
  ++nodes_[node].resends;
  violation(node, "No ack within 5 s for " + traffic_class(message) + " " + message.route.resource + ".");
}

void Traffic::keep(const std::string& node, const beehive::Message& message) {
  auto& kept = nodes_[node].kept;
  kept.push_back(Json::parse(beehive::encode(message)));
  if (kept.size() > kKept) kept.pop_front();
}

void Traffic::connected(const std::string& node, SteadyTime now) {
  Node& entry = nodes_[node];
  ++entry.connects;
  if (!entry.left) return;
  const auto absence = std::chrono::duration_cast<std::chrono::milliseconds>(now - *entry.left).count();
  entry.shortest_absence_ms = std::min<std::int64_t>(entry.shortest_absence_ms.value_or(absence), absence);
}

void Traffic::disconnected(const std::string& node, SteadyTime now) {
  nodes_[node].left = now;
}

Json Traffic::to_json() const {
  Json nodes = Json::object();
  for (const auto& [name, node] : nodes_) {
    Json entry = {{"up", count_table(node.up)},         {"down", count_table(node.down)},
                  {"connects", node.connects},          {"resends", node.resends},
                  {"fatalWatches", node.fatal_watches}, {"hangingWatches", node.hanging_watches},
                  {"violations", node.violations},      {"kept", node.kept}};
    if (node.shortest_absence_ms) entry["shortestAbsenceMs"] = *node.shortest_absence_ms;
    nodes[name] = std::move(entry);
  }
  return nodes;
}

void Traffic::reset() {
  nodes_.clear();
}

}  // namespace edgecore::cloudsim
