// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/pod_resources.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <set>

namespace edgecore::edged {
namespace {

using kube::Quantity;
using ResourceList = kube::StringMap kube::Resources::*;

void add(Amounts& into, const Amounts& more) {
  for (const auto& [name, amount] : more) into[name] = into[name] + amount;
}

void raise(Amounts& into, const Amounts& other) {
  for (const auto& [name, amount] : other) {
    const auto [at, is_new] = into.emplace(name, amount);
    if (!is_new && at->second < amount) at->second = amount;
  }
}

Amounts total(const kube::Pod& pod, ResourceList list, Overhead overhead) {
  Amounts sum;
  for (const auto& container : pod.spec.containers) add(sum, amounts(container.resources.*list));
  Amounts sidecars;
  Amounts init;
  for (const auto& container : pod.spec.init_containers) {
    Amounts own = amounts(container.resources.*list);
    if (is_restartable_init(container)) {
      add(sum, own);
      add(sidecars, own);
      raise(init, sidecars);
    } else {
      add(own, sidecars);
      raise(init, own);
    }
  }
  raise(sum, init);
  if (overhead == Overhead::kWith) {
    for (const auto& [name, amount] : amounts(pod.spec.overhead)) {
      // A pod without a limit for a resource stays unlimited.
      if (list == &kube::Resources::limits && !sum.contains(name)) continue;
      sum[name] = sum[name] + amount;
    }
  }
  return sum;
}

const Quantity* find(const Amounts& from, const char* name) {
  const auto found = from.find(name);
  return found == from.end() ? nullptr : &found->second;
}

std::int64_t milli(const Quantity* quantity) {
  return quantity == nullptr ? 0 : quantity->milli_value();
}

cri::LinuxContainerResources kernel_resources(const Quantity* cpu_request, const Quantity* cpu_limit,
                                              const Quantity* memory_limit, const ResourcePolicy& policy) {
  cri::LinuxContainerResources out;
  const bool from_limit = cpu_request == nullptr && milli(cpu_limit) != 0;
  out.cpu_shares = cpu_shares(milli(from_limit ? cpu_limit : cpu_request));
  out.memory_limit_in_bytes = memory_limit == nullptr ? 0 : memory_limit->value();
  if (policy.cpu_cfs_quota) {
    out.cpu_period = policy.cpu_cfs_period;
    out.cpu_quota = cpu_quota(milli(cpu_limit), policy.cpu_cfs_period);
  }
  // The OOM killer ends the whole container, not a single process of it.
  if (policy.cgroup_v2) out.unified["memory.oom.group"] = "1";
  return out;
}

/// The resource "hugepages-2Mi" for the page size "2MB".
std::string hugepage_resource(std::string_view page_size) {
  if (page_size.ends_with("B")) page_size.remove_suffix(1);
  return fmt::format("hugepages-{}i", page_size);
}

/// Adds the positive amounts of cpu and memory.
void add_compute(Amounts& into, const kube::StringMap& list) {
  for (const char* name : {"cpu", "memory"}) {
    const auto found = list.find(name);
    if (found == list.end()) continue;
    const Quantity amount = Quantity::parse(found->second);
    if (!amount.is_zero()) into[name] = into[name] + amount;
  }
}

bool limits_all(const kube::Container& container) {
  Amounts limits;
  add_compute(limits, container.resources.limits);
  return limits.size() == 2;
}

}  // namespace

QosClass qos_class(const kube::Pod& pod) {
  Amounts requests;
  Amounts limits;
  bool guaranteed = true;
  for (const auto* list : {&pod.spec.containers, &pod.spec.init_containers}) {
    for (const auto& container : *list) {
      add_compute(requests, container.resources.requests);
      add_compute(limits, container.resources.limits);
      guaranteed = guaranteed && limits_all(container);
    }
  }
  if (requests.empty() && limits.empty()) return QosClass::kBestEffort;
  return guaranteed && requests == limits ? QosClass::kGuaranteed : QosClass::kBurstable;
}

std::string_view qos_name(QosClass qos) {
  switch (qos) {
    case QosClass::kGuaranteed:
      return "Guaranteed";
    case QosClass::kBurstable:
      return "Burstable";
    case QosClass::kBestEffort:
      break;
  }
  return "BestEffort";
}

Amounts amounts(const kube::StringMap& quantities) {
  Amounts out;
  for (const auto& [name, text] : quantities) out.emplace(name, Quantity::parse(text));
  return out;
}

Amounts pod_requests(const kube::Pod& pod, Overhead overhead) {
  return total(pod, &kube::Resources::requests, overhead);
}
Amounts pod_limits(const kube::Pod& pod, Overhead overhead) {
  return total(pod, &kube::Resources::limits, overhead);
}

bool is_restartable_init(const kube::Container& container) {
  return container.restart_policy == "Always";
}

bool is_mirror(const kube::Pod& pod) {
  return pod.annotations.contains("kubernetes.io/config.mirror");
}

bool is_static(const kube::Pod& pod) {
  const auto source = pod.annotations.find("kubernetes.io/config.source");
  return source != pod.annotations.end() && source->second != "api" && !is_mirror(pod);
}

bool is_critical(const kube::Pod& pod) {
  constexpr std::int32_t kSystemPriority = 2'000'000'000;
  return is_static(pod) || is_mirror(pod) || pod.spec.priority.value_or(0) >= kSystemPriority;
}

std::string bytes_text(std::int64_t bytes) {
  return Quantity::of(bytes, Quantity::Format::kBinarySi).text();
}

std::int64_t cpu_shares(std::int64_t milli_cpu) {
  constexpr std::int64_t kLeast = 2;
  constexpr std::int64_t kMost = 262'144;
  if (milli_cpu >= kMost) return kMost;  // also keeps the product in range
  return std::clamp(milli_cpu * 1024 / 1000, kLeast, kMost);
}

std::int64_t cpu_quota(std::int64_t milli_cpu, std::int64_t period) {
  constexpr std::int64_t kLeast = 1000;          // the kernel's minimum
  constexpr std::int64_t kMost = 1'000'000'000;  // a million CPUs: keeps the product in range
  if (milli_cpu <= 0) return 0;
  return std::max(std::min(milli_cpu, kMost) * period / 1000, kLeast);
}

std::int64_t oom_score_adj(const kube::Pod& pod, const kube::Container& container,
                           std::int64_t memory_capacity) {
  constexpr std::int64_t kProtected = -997;
  constexpr std::int64_t kFirst = 1000;
  if (pod.spec.priority_class_name == "system-node-critical") return kProtected;
  switch (qos_class(pod)) {
    case QosClass::kGuaranteed:
      return kProtected;
    case QosClass::kBestEffort:
      return kFirst;
    case QosClass::kBurstable:
      break;
  }
  const Amounts requests = amounts(container.resources.requests);
  const Quantity* memory = find(requests, "memory");
  const std::int64_t bytes = memory == nullptr ? 0 : memory->value();
  if (memory_capacity <= 0) return kFirst - 1;
  // bytes times 1000 may not fit 64 bits; 64 bits of mantissa are exact enough here.
  const std::int64_t thousandths = bytes >= memory_capacity
                                       ? 1000
                                       : static_cast<std::int64_t>(1000.0L * static_cast<long double>(bytes) /
                                                                   static_cast<long double>(memory_capacity));
  return std::clamp<std::int64_t>(1000 - thousandths, 3, kFirst - 1);
}

cri::LinuxContainerResources container_resources(const kube::Pod& pod, const kube::Container& container,
                                                 const ResourcePolicy& policy) {
  const Amounts requests = amounts(container.resources.requests);
  const Amounts limits = amounts(container.resources.limits);
  auto out = kernel_resources(find(requests, "cpu"), find(limits, "cpu"), find(limits, "memory"), policy);
  out.oom_score_adj = oom_score_adj(pod, container, policy.memory_capacity);
  for (const auto& size : policy.hugepage_sizes) {
    const Quantity* limit = find(limits, hugepage_resource(size).c_str());
    out.hugepage_limits.push_back({size, limit == nullptr ? 0 : static_cast<std::uint64_t>(limit->value())});
  }
  if (policy.swap_controller) {
    if (policy.cgroup_v2) {
      out.unified["memory.swap.max"] = "0";
    } else {
      out.memory_swap_limit_in_bytes = out.memory_limit_in_bytes;
    }
  }
  return out;
}

cri::LinuxContainerResources sandbox_resources(const kube::Pod& pod, const ResourcePolicy& policy) {
  const Amounts requests = pod_requests(pod, Overhead::kWithout);
  const Amounts limits = pod_limits(pod, Overhead::kWithout);
  return kernel_resources(find(requests, "cpu"), find(limits, "cpu"), find(limits, "memory"), policy);
}

cri::LinuxContainerResources overhead_resources(const kube::Pod& pod, const ResourcePolicy& policy) {
  if (pod.spec.overhead.empty()) return {};
  const Amounts overhead = amounts(pod.spec.overhead);
  return kernel_resources(find(overhead, "cpu"), find(overhead, "cpu"), find(overhead, "memory"), policy);
}

}  // namespace edgecore::edged
