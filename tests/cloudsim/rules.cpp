// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/rules.hpp"

#include <filesystem>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::cloudsim {
namespace {

using End = Rule::End;

Rule::End end_of(const Json& endpoint) {
  const std::string type = kube::get_string(endpoint, "spec.ruleEndpointType");
  if (type == "rest") return End::kRest;
  if (type == "eventbus") return End::kEventbus;
  if (type == "servicebus") return End::kServicebus;
  throw BadInput("unknown type of RuleEndpoint: " + type + ".");
}

Object endpoint_of(const Cluster& cluster, const std::string& ns, const std::string& name) {
  const Object found = cluster.find(kind_named("RuleEndpoint"), ns, name);
  if (!found) throw BadInput("RuleEndpoint not found: " + ns + "/" + name + ".");
  return found;
}

const char* source_member(End end) {
  return end == End::kRest ? "path" : end == End::kEventbus ? "topic" : "target_url";
}
const char* target_member(End end) {
  return end == End::kRest ? "resource" : end == End::kEventbus ? "topic" : "path";
}

}  // namespace

Rule read_rule(const Cluster& cluster, const Json& object) {
  Rule rule;
  rule.ns = namespace_of(object);
  rule.name = name_of(object);
  const Object source = endpoint_of(cluster, rule.ns, kube::get_string(object, "spec.source"));
  const Object target = endpoint_of(cluster, rule.ns, kube::get_string(object, "spec.target"));
  rule.source = end_of(*source);
  rule.target = end_of(*target);
  if ((rule.source == End::kRest) == (rule.target == End::kRest))
    throw BadInput("A rule leads from REST to a node or from a node to REST.");
  const Json& from = kube::get_object(object, "spec.sourceResource");
  rule.source_place = kube::get_string(from, source_member(rule.source));
  rule.target_place =
      kube::get_string(kube::get_object(object, "spec.targetResource"), target_member(rule.target));
  if (rule.source != End::kRest) rule.node = kube::get_string(from, "node_name");
  if (rule.target == End::kServicebus)
    rule.service_port = kube::get_string(*target, "spec.properties.service_port");
  return rule;
}

std::string clean(const std::string& path) {
  std::string normal = std::filesystem::path(path).lexically_normal().string();
  if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal.empty() ? "." : normal;
}

std::string source_key(const Rule& rule) {
  if (rule.source == End::kRest) return {};
  return clean(rule.source == End::kEventbus ? rule.ns + "/" + rule.source_place : rule.source_place);
}

std::optional<RestCall> match(const Rule& rule, std::string_view target) {
  if (rule.source != End::kRest || !target.starts_with('/')) return std::nullopt;
  const std::size_t behind_node = target.find('/', 1);
  if (behind_node == std::string_view::npos || behind_node == 1) return std::nullopt;
  const std::string_view rest = target.substr(behind_node);
  const std::string own = "/" + rule.ns + "/" + std::string(trimmed(rule.source_place, "/"));
  if (!rest.starts_with(own)) return std::nullopt;
  RestCall call{std::string(target.substr(1, behind_node - 1)), std::string(rest.substr(own.size()))};
  if (call.param.empty() || call.param.front() == '?') return call;
  if (call.param.front() != '/') return std::nullopt;
  call.param.erase(0, 1);
  return call;
}

}  // namespace edgecore::cloudsim
