// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/pod_dns.hpp"

#include <algorithm>

namespace edgecore::edged {
namespace {

// Limits of glibc's resolver and of Kubernetes.
constexpr std::size_t kServers = 3;
constexpr std::size_t kSearches = 32;
constexpr std::size_t kSearchChars = 2048;  // total, including the blanks between
constexpr std::size_t kDomainChars = 253;

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> out;
  while (true) {
    const auto start = line.find_first_not_of(" \t\r");
    if (start == line.npos) return out;
    line.remove_prefix(start);
    const auto end = line.find_first_of(" \t\r");
    out.emplace_back(line.substr(0, end));
    if (end == line.npos) return out;
    line.remove_prefix(end);
  }
}

void append_new(std::vector<std::string>& into, const std::vector<std::string>& more) {
  for (const auto& one : more) {
    if (std::find(into.begin(), into.end(), one) == into.end()) into.push_back(one);
  }
}

std::string_view option_name(std::string_view option) {
  return option.substr(0, option.find(':'));
}

/// Replaces an option of the same name.
void set_option(std::vector<std::string>& options, std::string option) {
  for (auto& one : options) {
    if (option_name(one) != option_name(option)) continue;
    one = std::move(option);
    return;
  }
  options.push_back(std::move(option));
}

cri::DnsConfig host_config(const DnsPolicy& policy) {
  cri::DnsConfig config = policy.host;
  if (config.servers.empty() && !policy.has_resolv_conf) {
    config.servers = {policy.node_is_ipv6 ? "::1" : "127.0.0.1"};
    config.searches = {"."};
  }
  return config;
}

cri::DnsConfig cluster_config(const kube::Pod& pod, const DnsPolicy& policy) {
  cri::DnsConfig config;
  config.servers = policy.cluster_dns;
  if (!policy.cluster_domain.empty()) {
    const std::string services = "svc." + policy.cluster_domain;
    config.searches = {pod.ns + "." + services, services, policy.cluster_domain};
  }
  append_new(config.searches, policy.host.searches);
  config.options = {"ndots:5"};
  return config;
}

cri::DnsConfig by_policy(const kube::Pod& pod, const DnsPolicy& policy) {
  const auto& name = pod.spec.dns_policy;
  if (name == "None") return {};
  const bool host = name == "Default" || policy.cluster_dns.empty() ||
                    (pod.spec.host_network && name != "ClusterFirstWithHostNet");
  return host ? host_config(policy) : cluster_config(pod, policy);
}

void cut(cri::DnsConfig& config) {
  if (config.servers.size() > kServers) config.servers.resize(kServers);
  std::erase_if(config.searches, [](const std::string& one) { return one.size() > kDomainChars; });
  if (config.searches.size() > kSearches) config.searches.resize(kSearches);
  std::size_t chars = 0;
  for (std::size_t i = 0; i < config.searches.size(); ++i) {
    chars += config.searches[i].size() + (i > 0 ? 1 : 0);
    if (chars <= kSearchChars) continue;
    config.searches.resize(i);
    return;
  }
}

}  // namespace

cri::DnsConfig parse_resolv_conf(std::string_view content) {
  cri::DnsConfig config;
  while (!content.empty()) {
    const auto end = content.find('\n');
    const auto line = words(content.substr(0, end));
    content.remove_prefix(end == content.npos ? content.size() : end + 1);
    if (line.empty()) continue;
    if (line[0] == "nameserver" && line.size() > 1) config.servers.push_back(line[1]);
    if (line[0] == "search") {
      config.searches.clear();
      for (std::size_t i = 1; i < line.size(); ++i) {
        std::string domain = line[i];
        if (domain.ends_with('.')) domain.pop_back();
        if (!domain.empty()) config.searches.push_back(std::move(domain));
      }
    }
    if (line[0] == "options") {
      for (std::size_t i = 1; i < line.size(); ++i) set_option(config.options, line[i]);
    }
  }
  return config;
}

cri::DnsConfig pod_dns(const kube::Pod& pod, const DnsPolicy& policy) {
  cri::DnsConfig config = by_policy(pod, policy);
  if (pod.spec.dns_config) {
    append_new(config.servers, pod.spec.dns_config->nameservers);
    append_new(config.searches, pod.spec.dns_config->searches);
    for (const auto& [name, value] : pod.spec.dns_config->options) {
      set_option(config.options, value && !value->empty() ? name + ":" + *value : name);
    }
  }
  cut(config);
  return config;
}

}  // namespace edgecore::edged
