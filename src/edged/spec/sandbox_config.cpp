// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/sandbox_config.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <set>

#include "edgecore/base/error.hpp"
#include "edgecore/cri/container_logs.hpp"

namespace edgecore::edged {
namespace {

cri::Protocol protocol(std::string_view name) {
  if (name == "UDP") return cri::Protocol::kUdp;
  if (name == "SCTP") return cri::Protocol::kSctp;
  return cri::Protocol::kTcp;
}

/// Adds one container's ports; a port named or bound twice counts once.
void add_ports(const kube::Container& container, std::vector<cri::PortMapping>& into) {
  std::set<std::string> seen;
  for (const auto& port : container.ports) {
    const bool v6 = port.host_ip.find(':') != std::string::npos;
    std::string key = port.name;
    if (key.empty()) {
      const char* family = port.host_ip.empty() ? "any" : (v6 ? "v6" : "v4");
      key = fmt::format("{}-{}-{}:{}:{}", family, port.protocol, port.host_ip, port.container_port,
                        port.host_port);
    }
    if (!seen.insert(key).second) continue;
    into.push_back({protocol(port.protocol), port.container_port, port.host_port, port.host_ip});
  }
}

}  // namespace

std::string short_hostname(const kube::Pod& pod) {
  constexpr std::size_t kMost = 63;
  std::string name = pod.spec.hostname.empty() ? pod.name : pod.spec.hostname;
  if (name.size() <= kMost) return name;
  name.resize(kMost);
  name.erase(name.find_last_not_of("-.") + 1);
  return name;
}

std::string pod_hostname(const kube::Pod& pod, std::string_view cluster_domain) {
  constexpr std::size_t kMost = 64;
  if (pod.spec.host_network) return {};
  std::string name = short_hostname(pod);
  if (!pod.spec.set_hostname_as_fqdn || pod.spec.subdomain.empty()) return name;
  name = fmt::format("{}.{}.{}.svc.{}", name, pod.spec.subdomain, pod.ns, cluster_domain);
  if (name.size() > kMost) {
    throw Error(fmt::format("The pod {} has the host name \"{}\", which is longer than {} bytes",
                            pod.full_name(), name, kMost));
  }
  return name;
}

std::string pod_log_directory(const kube::Pod& pod) {
  return "/var/log/pods/" + cri::pod_log_directory(pod.ns, pod.name, pod.uid);
}

cri::PodSandboxConfig make_sandbox_config(const SandboxInput& input) {
  const kube::Pod& pod = input.pod;
  cri::PodSandboxConfig out;
  out.metadata = {pod.name, pod.uid, pod.ns, input.attempt};
  out.hostname = pod_hostname(pod, input.dns.cluster_domain);
  out.log_directory = pod_log_directory(pod);
  out.dns_config = pod_dns(pod, input.dns);
  for (const auto& container : pod.spec.containers) add_ports(container, out.port_mappings);
  out.labels = pod.labels;
  out.labels[kPodNameLabel] = pod.name;
  out.labels[kPodNamespaceLabel] = pod.ns;
  out.labels[kPodUidLabel] = pod.uid;
  out.annotations = pod.annotations;
  out.linux.cgroup_parent = input.cgroup_parent;
  out.linux.security_context = sandbox_security(pod, input.security);
  if (pod.spec.security_context) {
    for (const auto& sysctl : pod.spec.security_context->sysctls) {
      out.linux.sysctls[sysctl_name(sysctl.name)] = sysctl.value;
    }
  }
  out.linux.resources = sandbox_resources(pod, input.resources);
  out.linux.overhead = overhead_resources(pod, input.resources);
  return out;
}

}  // namespace edgecore::edged
