// SPDX-License-Identifier: Apache-2.0
#include "edged/eviction/eviction.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/go_duration.hpp"
#include "edgecore/kube/quantity.hpp"
#include "edged/spec/pod_resources.hpp"

namespace edgecore::edged {
namespace {

using kube::Quantity;

constexpr std::array<std::pair<EvictionSignal, std::string_view>, 6> kSignals{{
    {EvictionSignal::kMemory, "memory.available"},
    {EvictionSignal::kNodeFs, "nodefs.available"},
    {EvictionSignal::kNodeFsInodes, "nodefs.inodesFree"},
    {EvictionSignal::kImageFs, "imagefs.available"},
    {EvictionSignal::kImageFsInodes, "imagefs.inodesFree"},
    {EvictionSignal::kPids, "pid.available"},
}};

EvictionSignal signal_of(const std::string& name, std::string_view setting) {
  for (const auto& [signal, text] : kSignals) {
    if (text == name) return signal;
  }
  throw BadInput(fmt::format("{} has the unknown signal \"{}\".", setting, name));
}

struct Amount {
  std::int64_t quantity = 0;
  double fraction = 0;
  [[nodiscard]] bool none() const { return quantity == 0 && fraction == 0; }
};

Amount amount_of(const std::string& name, const std::string& text, std::string_view setting) {
  Amount amount;
  if (text.ends_with('%')) {
    const auto percent = to_number<double>(std::string_view(text).substr(0, text.size() - 1));
    if (!percent || *percent < 0 || *percent > 100)
      throw BadInput(
          fmt::format("{} has \"{}\" for {}; expected a percentage from 0% to 100%.", setting, text, name));
    amount.fraction = *percent / 100;
    return amount;
  }
  const auto quantity = Quantity::try_parse(text);
  if (!quantity || quantity->is_negative())
    throw BadInput(
        fmt::format("{} has \"{}\" for {}; expected a quantity of at least 0.", setting, text, name));
  amount.quantity = quantity->value();
  return amount;
}

std::int64_t resolved(std::int64_t quantity, double fraction, std::int64_t capacity) {
  if (fraction == 0) return quantity;
  return static_cast<std::int64_t>(fraction * static_cast<double>(capacity));
}

bool is_met(const EvictionThreshold& threshold, const Observation& observation, bool was_met) {
  std::int64_t limit = resolved(threshold.quantity, threshold.fraction, observation.capacity);
  // Hysteresis: once met, it clears only after minimumReclaim is free as well.
  if (was_met)
    limit += resolved(threshold.reclaim_quantity, threshold.reclaim_fraction, observation.capacity);
  return observation.available < limit;
}

const char* resource_name(EvictionSignal signal) {
  switch (signal) {
    case EvictionSignal::kMemory:
      return "memory";
    case EvictionSignal::kNodeFs:
    case EvictionSignal::kImageFs:
      return "ephemeral-storage";
    case EvictionSignal::kNodeFsInodes:
    case EvictionSignal::kImageFsInodes:
      return "inodes";
    case EvictionSignal::kPids:
      break;
  }
  return "pids";
}

std::int64_t request_of(const kube::Pod& pod, const char* resource) {
  const Amounts requests = pod_requests(pod, Overhead::kWith);
  const auto found = requests.find(resource);
  return found == requests.end() ? 0 : found->second.value();
}

/// Candidates with a smaller rank are evicted first.
using Rank = std::tuple<bool, std::int32_t, std::int64_t>;

Rank rank(const kube::Pod& pod, const PodUsage& usage, EvictionResource resource) {
  const std::int32_t priority = pod.spec.priority.value_or(0);
  switch (resource) {
    case EvictionResource::kMemory: {
      const std::int64_t over = usage.memory - request_of(pod, "memory");
      return {over <= 0, priority, -over};
    }
    case EvictionResource::kDisk:
      return {usage.disk <= request_of(pod, "ephemeral-storage"), priority, -usage.disk};
    case EvictionResource::kPids:
      break;
  }
  return {false, priority, -usage.pids};
}

}  // namespace

std::string eviction_signal_name(EvictionSignal signal) {
  for (const auto& [each, text] : kSignals) {
    if (each == signal) return std::string(text);
  }
  return {};
}

EvictionResource eviction_resource(EvictionSignal signal) {
  if (signal == EvictionSignal::kMemory) return EvictionResource::kMemory;
  if (signal == EvictionSignal::kPids) return EvictionResource::kPids;
  return EvictionResource::kDisk;
}

std::vector<EvictionThreshold> eviction_thresholds(const config::TailoredKubeletConfig& config) {
  std::vector<EvictionThreshold> thresholds;
  const auto add = [&](const std::string& name, const std::string& text, std::string_view setting,
                       std::optional<std::chrono::nanoseconds> grace) {
    EvictionThreshold threshold;
    threshold.signal = signal_of(name, setting);
    const Amount amount = amount_of(name, text, setting);
    if (amount.none()) return;
    threshold.quantity = amount.quantity;
    threshold.fraction = amount.fraction;
    threshold.text = text;
    threshold.hard = !grace.has_value();
    threshold.grace = grace.value_or(std::chrono::nanoseconds(0));
    if (const auto reclaim = config.eviction_minimum_reclaim.find(name);
        reclaim != config.eviction_minimum_reclaim.end()) {
      const Amount more = amount_of(name, reclaim->second, "evictionMinimumReclaim");
      threshold.reclaim_quantity = more.quantity;
      threshold.reclaim_fraction = more.fraction;
    }
    thresholds.push_back(std::move(threshold));
  };
  for (const auto& [name, text] : config.eviction_hard) add(name, text, "evictionHard", std::nullopt);
  for (const auto& [name, text] : config.eviction_soft) {
    const auto period = config.eviction_soft_grace_period.find(name);
    const auto grace =
        period == config.eviction_soft_grace_period.end() ? std::nullopt : parse_go_duration(period->second);
    if (!grace || grace->count() < 0)
      throw BadInput(
          fmt::format("evictionSoft has {}, but evictionSoftGracePeriod has no duration for it.", name));
    add(name, text, "evictionSoft", grace);
  }
  // The most urgent threshold first.
  std::ranges::stable_sort(thresholds, {}, [](const EvictionThreshold& each) {
    return std::pair(each.signal != EvictionSignal::kMemory, !each.hard);
  });
  return thresholds;
}

std::vector<std::string> Pressures::conditions() const {
  std::vector<std::string> names;
  if (memory) names.emplace_back("MemoryPressure");
  if (disk) names.emplace_back("DiskPressure");
  if (pids) names.emplace_back("PIDPressure");
  return names;
}

std::optional<EvictionThreshold> EvictionState::observe(const Observations& observations, SteadyTime now) {
  std::optional<EvictionThreshold> act;
  pressures_ = Pressures();
  for (std::size_t i = 0; i < thresholds_.size(); ++i) {
    const EvictionThreshold& threshold = thresholds_[i];
    auto entry = met_.find(i);
    if (const auto observation = observations.find(threshold.signal); observation != observations.end()) {
      const bool was = entry != met_.end() && entry->second.now;
      if (is_met(threshold, observation->second, was)) {
        if (entry == met_.end()) entry = met_.emplace(i, Met{now, true, std::nullopt}).first;
        if (!was) entry->second.since = now;
        entry->second.now = true;
      } else if (was) {
        entry->second.now = false;
      }
    }
    if (entry == met_.end()) continue;
    Met& met = entry->second;
    // A soft threshold counts only after its grace period.
    if (met.now && now - met.since >= threshold.grace) {
      met.counted = now;
      if (!act && observations.contains(threshold.signal)) act = threshold;
    }
    const bool held = met.counted && (met.counted == now || now - *met.counted < transition_period_);
    if (!held) {
      if (!met.now) met_.erase(entry);
      continue;
    }
    switch (eviction_resource(threshold.signal)) {
      case EvictionResource::kMemory:
        pressures_.memory = true;
        break;
      case EvictionResource::kDisk:
        pressures_.disk = true;
        break;
      case EvictionResource::kPids:
        pressures_.pids = true;
        break;
    }
  }
  return act;
}

kube::PodPtr choose_victim(const std::vector<kube::PodPtr>& active,
                           const std::map<std::string, PodUsage>& usage, EvictionResource resource) {
  kube::PodPtr victim;
  std::optional<Rank> best;
  for (const auto& pod : active) {
    if (is_critical(*pod)) continue;
    const auto found = usage.find(pod->uid);
    const Rank own = rank(*pod, found == usage.end() ? PodUsage() : found->second, resource);
    if (best && *best <= own) continue;
    best = own;
    victim = pod;
  }
  return victim;
}

Refusal eviction_refusal(const kube::Pod& pod, const PodUsage& usage, const EvictionThreshold& threshold,
                         const Observation& observation) {
  const char* resource = resource_name(threshold.signal);
  const bool bytes = threshold.signal == EvictionSignal::kMemory ||
                     threshold.signal == EvictionSignal::kNodeFs ||
                     threshold.signal == EvictionSignal::kImageFs;
  const auto text = [bytes](std::int64_t amount) {
    return bytes ? bytes_text(amount) : std::to_string(amount);
  };
  std::string message =
      fmt::format("The node was low on resource: {}. Threshold quantity: {}, available: {}. ", resource,
                  text(resolved(threshold.quantity, threshold.fraction, observation.capacity)),
                  text(observation.available));
  const auto* used = threshold.signal == EvictionSignal::kMemory ? &usage.container_memory : nullptr;
  if (bytes && used == nullptr) used = &usage.container_disk;
  if (used != nullptr) {
    for (const auto& container : pod.spec.containers) {
      const auto amount = used->find(container.name);
      if (amount == used->end()) continue;
      const Amounts requests = amounts(container.resources.requests);
      const auto request = requests.find(resource);
      const Quantity asked = request == requests.end() ? Quantity() : request->second;
      if (amount->second <= asked.value()) continue;
      message += fmt::format("Container {} was using {}, request is {}, has larger consumption of {}. ",
                             container.name, bytes_text(amount->second), asked.text(), resource);
    }
  }
  return {"Evicted", message};
}

std::optional<Refusal> over_own_limits(const kube::Pod& pod, const LocalStorageUsage& usage) {
  std::int64_t total = 0;
  for (const auto& volume : pod.spec.volumes) {
    const auto* empty_dir = std::get_if<kube::EmptyDirSource>(&volume.source);
    const auto used = usage.volumes.find(volume.name);
    if (empty_dir == nullptr || used == usage.volumes.end()) continue;
    const auto limit = empty_dir->size_limit ? Quantity::try_parse(*empty_dir->size_limit) : std::nullopt;
    if (limit && !limit->is_zero() && used->second > limit->value())
      return Refusal{"Evicted", fmt::format("Usage of EmptyDir volume \"{}\" exceeds the limit \"{}\". ",
                                            volume.name, *empty_dir->size_limit)};
  }
  for (const auto& [name, used] : usage.volumes) total += used;
  for (const auto& [name, used] : usage.containers) total += used;
  total += usage.pod;

  const Amounts limits = pod_limits(pod, Overhead::kWith);
  const bool all_limited = std::ranges::all_of(pod.spec.containers, [](const kube::Container& container) {
    return container.resources.limits.contains("ephemeral-storage");
  });
  if (const auto limit = limits.find("ephemeral-storage");
      all_limited && limit != limits.end() && total > limit->second.value())
    return Refusal{"Evicted", fmt::format("Pod ephemeral local storage usage exceeds the total limit of "
                                          "containers {}. ",
                                          limit->second.text())};
  for (const auto& container : pod.spec.containers) {
    const auto used = usage.containers.find(container.name);
    const Amounts own = amounts(container.resources.limits);
    const auto limit = own.find("ephemeral-storage");
    if (used == usage.containers.end() || limit == own.end() || used->second <= limit->second.value())
      continue;
    return Refusal{"Evicted", fmt::format("Container {} exceeded its local ephemeral storage limit \"{}\". ",
                                          container.name, limit->second.text())};
  }
  return std::nullopt;
}

}  // namespace edgecore::edged
