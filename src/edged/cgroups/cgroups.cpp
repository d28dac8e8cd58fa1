// SPDX-License-Identifier: Apache-2.0
#include "edged/cgroups/cgroups.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <set>
#include <thread>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::edged {
namespace {

using namespace std::chrono_literals;

constexpr char kNode[] = "kubepods";
constexpr char kBurstable[] = "burstable";
constexpr char kBestEffort[] = "besteffort";
constexpr std::string_view kPod = "pod";
constexpr std::string_view kSlice = ".slice";
constexpr std::int64_t kMinShares = 2;
/// Controllers that edged sets limits of. Only these are enabled for children in cgroup v2.
constexpr std::array<std::string_view, 5> kControllers{"cpu", "cpuset", "memory", "pids", "hugetlb"};
constexpr int kKillRounds = 5;
constexpr int kLooksPerRound = 20;
constexpr auto kBetweenLooks = 10ms;

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto end = path.find('/');
    if (end != 0) parts.emplace_back(path.substr(0, end));
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  return parts;
}

std::string replaced(std::string text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

/// systemd nests slices by the dashes in their names, so a dash within a component becomes an underscore.
std::string slice_name(const std::vector<std::string>& names) {
  std::string unit;
  for (const auto& name : names) unit += (unit.empty() ? "" : "-") + replaced(name, '-', '_');
  return unit.empty() ? "-.slice" : unit + std::string(kSlice);
}

std::string plain_path(const std::vector<std::string>& names) {
  std::string path;
  for (const auto& name : names) path += "/" + name;
  return path.empty() ? "/" : path;
}

/// "/a/b/c" → "/", "/a", "/a/b"
std::vector<std::string> ancestors(const std::string& path) {
  std::vector<std::string> list{"/"};
  for (auto at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
    list.push_back(path.substr(0, at));
  return list;
}

/// The content of a file of the cgroup; "" if it does not exist.
std::string file_content(CgroupFiles& files, const std::string& hierarchy, const std::string& cgroup,
                         const char* file) {
  return std::string(trimmed(files.read(hierarchy, cgroup, file).value_or("")));
}

std::string number_or_max(std::int64_t value) {
  return value > 0 ? std::to_string(value) : "max";
}

/// A new v1 cpuset is empty and takes no process before it has CPUs and memory nodes.
void inherit_cpuset(CgroupFiles& files, const std::string& hierarchy, const std::string& cgroup,
                    const std::string& parent) {
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    const auto own = files.read(hierarchy, cgroup, file);
    if (!own || !trimmed(*own).empty()) continue;
    const std::string above = file_content(files, hierarchy, parent, file);
    if (!above.empty()) files.write(hierarchy, cgroup, file, above);
  }
}

/// Enables the v2 controllers for the children of `cgroup`.
void hand_down(CgroupFiles& files, const std::string& cgroup) {
  const std::string offered = " " + file_content(files, "", cgroup, "cgroup.controllers") + " ";
  const std::string handed = " " + file_content(files, "", cgroup, "cgroup.subtree_control") + " ";
  for (const auto controller : kControllers) {
    const std::string word = " " + std::string(controller) + " ";
    if (offered.find(word) == std::string::npos || handed.find(word) != std::string::npos) continue;
    files.write("", cgroup, "cgroup.subtree_control", "+" + std::string(controller));
  }
}

void make_with_parents(CgroupFiles& files, const std::string& cgroup) {
  std::vector<std::string> chain = ancestors(cgroup);
  chain.push_back(cgroup);
  for (const auto& hierarchy : files.hierarchies()) {
    const bool is_cpuset = files.hierarchy_of("cpuset") == hierarchy;
    for (std::size_t i = 1; i < chain.size(); ++i) {
      if (files.v2()) hand_down(files, chain[i - 1]);
      if (!files.exists(hierarchy, chain[i])) files.make(hierarchy, chain[i]);
      if (!files.v2() && is_cpuset) inherit_cpuset(files, hierarchy, chain[i], chain[i - 1]);
    }
  }
}

void apply_v1(CgroupFiles& files, const std::string& cgroup, const CgroupLimits& limits) {
  const auto set = [&](const char* controller, const std::string& file, std::int64_t value) {
    if (const auto hierarchy = files.hierarchy_of(controller))
      files.write(*hierarchy, cgroup, file, std::to_string(value));
  };
  if (limits.cpu_shares) set("cpu", "cpu.shares", *limits.cpu_shares);
  if (limits.cpu_period && *limits.cpu_period > 0) set("cpu", "cpu.cfs_period_us", *limits.cpu_period);
  if (limits.cpu_quota) set("cpu", "cpu.cfs_quota_us", *limits.cpu_quota > 0 ? *limits.cpu_quota : -1);
  if (limits.memory_bytes)
    set("memory", "memory.limit_in_bytes", *limits.memory_bytes > 0 ? *limits.memory_bytes : -1);
  if (limits.pids) {
    if (const auto hierarchy = files.hierarchy_of("pids"))
      files.write(*hierarchy, cgroup, "pids.max", number_or_max(*limits.pids));
  }
  for (const auto& [size, bytes] : limits.huge_pages_bytes)
    set("hugetlb", "hugetlb." + size + ".limit_in_bytes", bytes < 0 ? -1 : bytes);
}

void apply_v2(CgroupFiles& files, const std::string& cgroup, const CgroupLimits& limits) {
  if (limits.cpu_shares)
    files.write("", cgroup, "cpu.weight", std::to_string(cpu_weight(*limits.cpu_shares)));
  if (limits.cpu_quota) {
    const std::string period = limits.cpu_period ? " " + std::to_string(*limits.cpu_period) : "";
    files.write("", cgroup, "cpu.max", number_or_max(*limits.cpu_quota) + period);
  }
  if (limits.memory_bytes) files.write("", cgroup, "memory.max", number_or_max(*limits.memory_bytes));
  if (limits.pids) files.write("", cgroup, "pids.max", number_or_max(*limits.pids));
  for (const auto& [size, bytes] : limits.huge_pages_bytes)
    files.write("", cgroup, "hugetlb." + size + ".max", bytes < 0 ? "max" : std::to_string(bytes));
}

/// The cgroup and all below it, deepest first.
void collect_tree(CgroupFiles& files, const std::string& hierarchy, const std::string& cgroup,
                  std::vector<std::string>& into) {
  for (const auto& child : files.children(hierarchy, cgroup))
    collect_tree(files, hierarchy, cgroup + "/" + child, into);
  into.push_back(cgroup);
}

std::set<pid_t> processes(CgroupFiles& files, const std::string& root) {
  std::set<pid_t> pids;
  for (const auto& hierarchy : files.with_leftovers()) {
    if (!files.exists(hierarchy, root)) continue;
    std::vector<std::string> tree;
    collect_tree(files, hierarchy, root, tree);
    for (const auto& cgroup : tree) {
      const std::string text = files.read(hierarchy, cgroup, "cgroup.procs").value_or("");
      const char* at = text.data();
      const char* const end = at + text.size();
      while (at < end) {
        pid_t pid = 0;
        const auto [next, error] = std::from_chars(at, end, pid);
        if (error == std::errc() && pid > 1) pids.insert(pid);
        at = std::max(next, at) + 1;
      }
    }
  }
  return pids;
}

bool remove_cgroup_tree(CgroupFiles& files, const std::string& root) {
  bool all = true;
  for (const auto& hierarchy : files.with_leftovers()) {
    if (!files.exists(hierarchy, root)) continue;
    std::vector<std::string> tree;
    collect_tree(files, hierarchy, root, tree);
    for (const auto& cgroup : tree) all = files.remove(hierarchy, cgroup) && all;
  }
  return all;
}

/// The UID in "pod<uid>" or "kubepods-burstable-pod<uid_>.slice"; "" for another name.
std::string uid_of(std::string_view name, std::string_view parent_slice) {
  if (!parent_slice.empty()) {
    const std::string_view stem = parent_slice.substr(0, parent_slice.size() - kSlice.size());
    if (!name.ends_with(kSlice) || !name.starts_with(stem) || name.size() <= stem.size() + kSlice.size())
      return {};
    name = name.substr(stem.size(), name.size() - stem.size() - kSlice.size());
    if (name.front() != '-') return {};
    name.remove_prefix(1);
    return name.starts_with(kPod) ? replaced(std::string(name.substr(kPod.size())), '_', '-') : "";
  }
  return name.starts_with(kPod) ? std::string(name.substr(kPod.size())) : "";
}

}  // namespace

std::int64_t cpu_weight(std::int64_t shares) {
  return 1 + ((std::clamp<std::int64_t>(shares, 2, 262144) - 2) * 9999) / 262142;
}

std::string slice_path(std::string_view slice) {
  if (slice == "-.slice") return "/";
  const std::string_view stem = slice.substr(0, slice.size() - kSlice.size());
  std::string path;
  for (auto dash = stem.find('-'); dash != std::string_view::npos; dash = stem.find('-', dash + 1))
    path += "/" + std::string(stem.substr(0, dash)) + std::string(kSlice);
  return path + "/" + std::string(slice);
}

PodCgroup pod_cgroup(const kube::Pod& pod) {
  return {pod.uid, qos_class(pod)};
}

CgroupLimits pod_limits_for_cgroup(const kube::Pod& pod, const ResourcePolicy& resources,
                                   std::int64_t pids_limit) {
  const Amounts requests = pod_requests(pod, Overhead::kWith);
  const Amounts limits = pod_limits(pod, Overhead::kWith);
  const auto find = [](const Amounts& in, const std::string& name) {
    const auto found = in.find(name);
    return found == in.end() ? kube::Quantity() : found->second;
  };
  // A pod has a limit only if each of its containers has one.
  bool cpu_limited = true;
  bool memory_limited = true;
  for (const auto* list : {&pod.spec.init_containers, &pod.spec.containers}) {
    for (const auto& container : *list) {
      const Amounts own = amounts(container.resources.limits);
      cpu_limited = cpu_limited && !find(own, "cpu").is_zero();
      memory_limited = memory_limited && !find(own, "memory").is_zero();
    }
  }

  CgroupLimits out;
  const QosClass qos = qos_class(pod);
  if (qos == QosClass::kBestEffort) {
    out.cpu_shares = kMinShares;
  } else {
    out.cpu_shares = cpu_shares(find(requests, "cpu").milli_value());
    if (cpu_limited || qos == QosClass::kGuaranteed) {
      out.cpu_period = resources.cpu_cfs_period;
      out.cpu_quota = resources.cpu_cfs_quota
                          ? cpu_quota(find(limits, "cpu").milli_value(), resources.cpu_cfs_period)
                          : 0;
    }
    if (memory_limited || qos == QosClass::kGuaranteed) out.memory_bytes = find(limits, "memory").value();
  }
  if (pids_limit > 0) out.pids = pids_limit;
  for (const auto& size : resources.hugepage_sizes) {
    std::string_view unit = size;
    if (unit.ends_with('B')) unit.remove_suffix(1);
    out.huge_pages_bytes[size] = find(requests, "hugepages-" + std::string(unit) + "i").value();
  }
  return out;
}

Cgroups::Cgroups(CgroupOptions options, CgroupFiles& files, SliceMaker* slices)
    : options_(std::move(options)), files_(files), slices_(slices) {
  root_ = components(options_.root);
  if (systemd()) {
    if (slices_ == nullptr)
      throw Error("The cgroup driver systemd is configured, but systemd does not run this machine.");
    // "/a.slice/a-b.slice" names the same cgroup as "/a/b".
    if (!root_.empty() && root_.back().ends_with(kSlice)) {
      std::string stem = root_.back().substr(0, root_.back().size() - kSlice.size());
      root_ = components(replaced(std::move(stem), '-', '/'));
    }
  }
}

std::vector<std::string> Cgroups::names(std::initializer_list<std::string> below) const {
  std::vector<std::string> list = root_;
  list.insert(list.end(), below);
  return list;
}

std::vector<std::string> Cgroups::pod_names(const PodCgroup& pod) const {
  const std::string own = std::string(kPod) + pod.uid;
  switch (pod.qos) {
    case QosClass::kBurstable:
      return names({kNode, kBurstable, own});
    case QosClass::kBestEffort:
      return names({kNode, kBestEffort, own});
    case QosClass::kGuaranteed:
      break;
  }
  return names({kNode, own});
}

std::string Cgroups::path(const std::vector<std::string>& of) const {
  return systemd() ? slice_path(slice_name(of)) : plain_path(of);
}

std::string Cgroups::pod_parent(const kube::Pod& pod) const {
  if (!options_.per_qos) return "";
  return path(pod_names(pod_cgroup(pod)));
}

void Cgroups::ensure(const std::vector<std::string>& of, const CgroupLimits& limits) {
  if (systemd()) slices_->ensure(slice_name(of), limits);
  const std::string cgroup = path(of);
  make_with_parents(files_, cgroup);
  write_limits(cgroup, limits);
}

void Cgroups::write_limits(const std::string& cgroup, const CgroupLimits& limits) {
  if (files_.v2()) {
    apply_v2(files_, cgroup, limits);
  } else {
    apply_v1(files_, cgroup, limits);
  }
}

void Cgroups::ensure_node() {
  if (!options_.per_qos) return;
  CgroupLimits node;
  if (options_.enforce_allocatable) {
    if (options_.allocatable_memory > 0) node.memory_bytes = options_.allocatable_memory;
    node.cpu_shares = cpu_shares(options_.allocatable_milli_cpu);
    if (options_.allocatable_pids > 0) node.pids = options_.allocatable_pids;
  }
  ensure(names({kNode}), node);

  CgroupLimits burstable;
  for (const auto& size : options_.resources.hugepage_sizes) burstable.huge_pages_bytes[size] = -1;
  CgroupLimits best_effort = burstable;
  best_effort.cpu_shares = kMinShares;
  ensure(names({kNode, kBurstable}), burstable);
  ensure(names({kNode, kBestEffort}), best_effort);
  burstable_shares_ = 0;
}

void Cgroups::update_qos(const std::vector<kube::PodPtr>& active) {
  if (!options_.per_qos) return;
  std::int64_t milli = 0;
  for (const auto& pod : active) {
    if (qos_class(*pod) != QosClass::kBurstable) continue;
    const Amounts requests = pod_requests(*pod, Overhead::kWith);
    if (const auto cpu = requests.find("cpu"); cpu != requests.end()) milli += cpu->second.milli_value();
  }
  CgroupLimits burstable;
  burstable.cpu_shares = cpu_shares(milli);
  if (*burstable.cpu_shares == burstable_shares_) return;
  ensure(names({kNode, kBurstable}), burstable);
  burstable_shares_ = *burstable.cpu_shares;
}

void Cgroups::ensure_pod(const kube::Pod& pod) {
  if (!options_.per_qos) return;
  ensure(pod_names(pod_cgroup(pod)), pod_limits_for_cgroup(pod, options_.resources, options_.pod_pids_limit));
}

bool Cgroups::remove_pod(const PodCgroup& pod) {
  if (!options_.per_qos) return true;
  const std::vector<std::string> of = pod_names(pod);
  const std::string cgroup = path(of);
  bool removed = false;
  for (int round = 0; round < kKillRounds && !removed; ++round) {
    const std::set<pid_t> alive = processes(files_, cgroup);
    for (const pid_t pid : alive) files_.kill(pid);
    // First attempt without a pause: usually no process is left.
    for (int look = 0; look < kLooksPerRound && !removed; ++look) {
      if (look > 0) std::this_thread::sleep_for(kBetweenLooks);
      removed = remove_cgroup_tree(files_, cgroup);
    }
  }
  if (removed && systemd()) slices_->stop(slice_name(of));
  return removed;
}

void Cgroups::starve_pod(const PodCgroup& pod) {
  if (!options_.per_qos) return;
  const std::string cgroup = path(pod_names(pod));
  const auto hierarchy = files_.hierarchy_of("cpu");
  if (!hierarchy || !files_.exists(*hierarchy, cgroup)) return;
  CgroupLimits least;
  least.cpu_shares = kMinShares;
  write_limits(cgroup, least);
}

std::vector<PodCgroup> Cgroups::list_pods() {
  std::vector<PodCgroup> found;
  if (!options_.per_qos) return found;
  const std::array<std::pair<QosClass, std::vector<std::string>>, 3> parents{{
      {QosClass::kGuaranteed, names({kNode})},
      {QosClass::kBurstable, names({kNode, kBurstable})},
      {QosClass::kBestEffort, names({kNode, kBestEffort})},
  }};
  for (const auto& [qos, parent] : parents) {
    const std::string slice = systemd() ? slice_name(parent) : "";
    std::set<std::string> uids;  // all hierarchies: a half-removed pod may be left in one of them
    for (const auto& hierarchy : files_.with_leftovers()) {
      for (const auto& child : files_.children(hierarchy, path(parent))) {
        std::string uid = uid_of(child, slice);
        if (!uid.empty()) uids.insert(std::move(uid));
      }
    }
    for (const auto& uid : uids) found.push_back({uid, qos});
  }
  return found;
}

std::vector<std::string> Cgroups::missing_controllers() const {
  std::vector<std::string> missing;
  for (const char* needed : {"cpu", "memory", "pids"}) {
    if (!files_.hierarchy_of(needed)) missing.emplace_back(needed);
  }
  return missing;
}

}  // namespace edgecore::edged
