// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include <vector>

#include "kube/table/table_columns.hpp"

namespace edgecore::kube {
namespace {

constexpr std::size_t kShown = 3;  // endpoints or hosts; the rest is counted

/// "a,b,c + 2 more...".
std::string first_of(const std::vector<std::string>& texts) {
  std::string shown;
  for (std::size_t i = 0; i < texts.size() && i < kShown; ++i) shown += (i == 0 ? "" : ",") + texts[i];
  if (texts.size() > kShown) shown += fmt::format(" + {} more...", texts.size() - kShown);
  return shown;
}

std::string load_balancer(const Json& object) {
  std::string text;
  for (const Json& ingress : array_or_empty(object, "status.loadBalancer.ingress")) {
    const std::string ip = string_or(ingress, "ip"), host = string_or(ingress, "hostname");
    const std::string& shown = ip.empty() ? host : ip;
    if (!shown.empty()) text += (text.empty() ? "" : ",") + shown;
  }
  return text;
}

std::string cluster_ip(const Json& service) {
  const Json& ips = array_or_empty(service, "spec.clusterIPs");
  if (!ips.empty()) return or_none(scalar_text(&ips.front()));
  return or_none(string_or(service, "spec.clusterIP"));
}

std::string external_ip(const Json& service) {
  const std::string type = string_or(service, "spec.type", "ClusterIP");
  std::string given = joined(service, "spec.externalIPs", "");
  if (type == "ExternalName") return or_none(string_or(service, "spec.externalName"));
  if (type != "LoadBalancer") return or_none(std::move(given));
  std::string balanced = load_balancer(service);
  if (!given.empty()) balanced += (balanced.empty() ? "" : ",") + given;
  return balanced.empty() ? "<pending>" : balanced;
}

std::string service_ports(const Json& service) {
  std::string text;
  for (const Json& port : array_or_empty(service, "spec.ports")) {
    if (!text.empty()) text += ',';
    text += std::to_string(int_or(port, "port", 0));
    const std::int64_t node_port = int_or(port, "nodePort", 0);
    if (node_port > 0) text += ":" + std::to_string(node_port);
    text += "/" + string_or(port, "protocol", "TCP");
  }
  return or_none(std::move(text));
}

std::string with_port(const std::string& ip, const std::string& port) {
  return ip.find(':') == ip.npos ? ip + ":" + port : "[" + ip + "]:" + port;
}

std::string endpoints(const Json& object) {
  std::vector<std::string> all;
  for (const Json& subset : array_or_empty(object, "subsets")) {
    const Json& ports = array_or_empty(subset, "ports");
    const Json& addresses = array_or_empty(subset, "addresses");
    if (ports.empty()) {
      for (const Json& address : addresses) all.push_back(string_or(address, "ip"));
    }
    for (const Json& port : ports) {
      for (const Json& address : addresses)
        all.push_back(with_port(string_or(address, "ip"), scalar_text(find_path(port, "port"))));
    }
  }
  return or_none(first_of(all));
}

std::string slice_ports(const Json& slice) {
  std::vector<std::string> all;
  for (const Json& port : array_or_empty(slice, "ports")) {
    const std::string number = scalar_text(find_path(port, "port"));
    all.push_back(number.empty() ? "*" : number);
  }
  return all.empty() ? "<unset>" : first_of(all);
}

std::string slice_endpoints(const Json& slice) {
  std::vector<std::string> all;
  for (const Json& endpoint : array_or_empty(slice, "endpoints")) {
    for (const Json& address : array_or_empty(endpoint, "addresses")) all.push_back(scalar_text(&address));
  }
  return all.empty() ? "<unset>" : first_of(all);
}

std::string ingress_hosts(const Json& ingress) {
  std::vector<std::string> hosts;
  for (const Json& rule : array_or_empty(ingress, "spec.rules")) {
    std::string host = string_or(rule, "host");
    if (!host.empty()) hosts.push_back(std::move(host));
  }
  return hosts.empty() ? "*" : first_of(hosts);
}

Columns service_columns() {
  return {
      name_column(),
      text_column("Type", "spec.type", 0, ""),
      {"Cluster-IP", "string", 0, [](const Json& object, WallTime) { return cluster_ip(object); }, "", ""},
      {"External-IP", "string", 0, [](const Json& object, WallTime) { return external_ip(object); }, "", ""},
      {"Port(s)", "string", 0, [](const Json& object, WallTime) { return service_ports(object); }, "", ""},
      age_column(),
      {"Selector", "string", 1,
       [](const Json& object, WallTime) { return labels_text(object, "spec.selector"); }, "", ""}};
}

Columns ingress_columns() {
  return {
      name_column(),
      text_column("Class", "spec.ingressClassName"),
      {"Hosts", "string", 0, [](const Json& object, WallTime) { return ingress_hosts(object); }, "", ""},
      {"Address", "string", 0, [](const Json& object, WallTime) { return load_balancer(object); }, "", ""},
      {"Ports", "string", 0,
       [](const Json& object, WallTime) {
         return array_or_empty(object, "spec.tls").empty() ? "80" : "80, 443";
       },
       "", ""},
      age_column()};
}

std::string class_parameters(const Json& object) {
  const Json* parameters = find_path(object, "spec.parameters");
  if (parameters == nullptr) return "<none>";
  const std::string group = string_or(*parameters, "apiGroup");
  return string_or(*parameters, "kind") + (group.empty() ? "" : "." + group) + "/" +
         string_or(*parameters, "name");
}

}  // namespace

Columns network_columns(const ApiResource& resource) {
  const std::string& kind = resource.kind;
  if (resource.group.empty()) {
    if (kind == "Service") return service_columns();
    if (kind == "Endpoints") {
      return {
          name_column(),
          {"Endpoints", "string", 0, [](const Json& object, WallTime) { return endpoints(object); }, "", ""},
          age_column()};
    }
  }
  if (resource.group == "discovery.k8s.io" && kind == "EndpointSlice") {
    return {name_column(),
            text_column("AddressType", "addressType", 0, ""),
            {"Ports", "string", 0, [](const Json& object, WallTime) { return slice_ports(object); }, "", ""},
            {"Endpoints", "string", 0, [](const Json& object, WallTime) { return slice_endpoints(object); },
             "", ""},
            age_column()};
  }
  if (resource.group != "networking.k8s.io") return {};
  if (kind == "Ingress") return ingress_columns();
  if (kind == "IngressClass") {
    return {name_column(),
            text_column("Controller", "spec.controller", 0, ""),
            {"Parameters", "string", 0, [](const Json& object, WallTime) { return class_parameters(object); },
             "", ""},
            age_column()};
  }
  if (kind == "NetworkPolicy") {
    return {name_column(),
            {"Pod-Selector", "string", 0,
             [](const Json& object, WallTime) { return selector_text(object, "spec.podSelector"); }, "", ""},
            age_column()};
  }
  return {};
}

}  // namespace edgecore::kube
