// SPDX-License-Identifier: Apache-2.0
#include "edged/node/node_policy.hpp"

#include <algorithm>
#include <filesystem>

#include "edgecore/base/files.hpp"
#include "edgecore/kube/quantity.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostResolverBytes = 1 << 20;
constexpr const char* kCgroupMount = "/sys/fs/cgroup";

bool cgroup_v2() {
  std::error_code failed;
  return fs::exists(fs::path(kCgroupMount) / "cgroup.controllers", failed);
}

/// Whether the kernel accounts for swap. The root cgroup has no limits, so look at any other one.
bool swap_controller(bool v2) {
  std::error_code failed;
  if (!v2) return fs::exists(fs::path(kCgroupMount) / "memory/memory.memsw.limit_in_bytes", failed);
  for (const auto& child : fs::directory_iterator(kCgroupMount, failed)) {
    if (fs::exists(child.path() / "memory.swap.max", failed)) return true;
  }
  return false;
}

/// The runtime's name of a page size: "2Mi" becomes "2MB".
std::string runtime_page_size(std::string size) {
  if (size.ends_with('i')) size.back() = 'B';
  return size;
}

std::int64_t reserved(const config::Edged& config, const char* resource, bool milli) {
  std::int64_t sum = 0;
  for (const auto* from : {&config.kubelet.system_reserved, &config.kubelet.kube_reserved}) {
    const auto found = from->find(resource);
    if (found == from->end()) continue;
    const kube::Quantity quantity = kube::Quantity::parse(found->second);
    sum += milli ? quantity.milli_value() : quantity.value();
  }
  return sum;
}

}  // namespace

NodePolicy make_node_policy(const config::Edged& config, const MachineInfo& machine, const Json& node) {
  const auto& kubelet = config.kubelet;
  NodePolicy policy;
  policy.dns.cluster_dns = kubelet.cluster_dns;
  policy.dns.cluster_domain = kubelet.cluster_domain;
  policy.dns.has_resolv_conf = kubelet.resolv_conf.has_value() && !kubelet.resolv_conf->empty();
  if (policy.dns.has_resolv_conf)
    policy.dns.host = parse_resolv_conf(read_file(*kubelet.resolv_conf, kMostResolverBytes).value_or(""));

  policy.resources.cpu_cfs_quota = kubelet.cpu_cfs_quota.value_or(true);
  if (kubelet.cpu_cfs_quota_period) {
    policy.resources.cpu_cfs_period =
        std::chrono::duration_cast<std::chrono::microseconds>(*kubelet.cpu_cfs_quota_period).count();
  }
  policy.resources.memory_capacity = machine.memory_kib * 1024;
  for (const auto& [size, bytes] : machine.huge_pages)
    policy.resources.hugepage_sizes.push_back(runtime_page_size(size));
  policy.resources.cgroup_v2 = cgroup_v2();
  policy.resources.swap_controller = swap_controller(policy.resources.cgroup_v2);

  policy.security.root_directory = config.root_directory;
  policy.security.seccomp_default = config.seccomp_default || kubelet.seccomp_default.value_or(false);
  for (const auto& [name, amount] : kube::object_or_empty(node, "status.allocatable").items()) {
    if (amount.is_string()) policy.allocatable[name] = amount.get<std::string>();
  }
  return policy;
}

CgroupOptions cgroup_options(const config::Edged& config, const MachineInfo& machine,
                             const ResourcePolicy& resources) {
  const auto& kubelet = config.kubelet;
  CgroupOptions options;
  options.driver =
      kubelet.cgroup_driver == "systemd" ? CgroupOptions::Driver::kSystemd : CgroupOptions::Driver::kCgroupfs;
  options.root = kubelet.cgroup_root.empty() ? "/" : kubelet.cgroup_root;
  options.per_qos = kubelet.cgroups_per_qos.value_or(true);
  const auto& enforced = kubelet.enforce_node_allocatable;
  options.enforce_allocatable = std::find(enforced.begin(), enforced.end(), "pods") != enforced.end();
  options.pod_pids_limit = kubelet.pod_pids_limit.value_or(-1);
  options.allocatable_memory = machine.memory_kib * 1024 - reserved(config, "memory", false);
  options.allocatable_milli_cpu = machine.cores * 1000 - reserved(config, "cpu", true);
  options.resources = resources;
  return options;
}

}  // namespace edgecore::edged
