// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/hosts_file.hpp"

#include <spdlog/fmt/fmt.h>

#include "edged/spec/sandbox_config.hpp"

namespace edgecore::edged {

std::string hosts_file(const kube::Pod& pod, const std::vector<std::string>& pod_ips,
                       std::string_view cluster_domain, std::string_view host_file) {
  std::string out;
  if (pod.spec.host_network) {
    out = "# Kubernetes-managed hosts file (host network).\n";
    out += host_file;
  } else {
    out =
        "# Kubernetes-managed hosts file.\n"
        "127.0.0.1\tlocalhost\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\n"
        "fe00::0\tip6-localnet\n"
        "fe00::0\tip6-mcastprefix\n"
        "fe00::1\tip6-allnodes\n"
        "fe00::2\tip6-allrouters\n";
    const std::string name = short_hostname(pod);
    for (const auto& ip : pod_ips) {
      if (pod.spec.subdomain.empty()) {
        out += fmt::format("{}\t{}\n", ip, name);
      } else {
        out += fmt::format("{}\t{}.{}.{}.svc.{}\t{}\n", ip, name, pod.spec.subdomain, pod.ns, cluster_domain,
                           name);
      }
    }
  }
  if (pod.spec.host_aliases.empty()) return out;
  out += "\n# Entries added by HostAliases.\n";
  for (const auto& alias : pod.spec.host_aliases) {
    out += fmt::format("{}\t{}\n", alias.ip, fmt::join(alias.hostnames, "\t"));
  }
  return out;
}

}  // namespace edgecore::edged
