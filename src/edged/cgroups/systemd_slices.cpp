// SPDX-License-Identifier: Apache-2.0
#include "edged/cgroups/systemd_slices.hpp"

#include <cstdlib>
#include <limits>
#include <utility>

#include "edgecore/base/error.hpp"

namespace edgecore::edged {
namespace {

constexpr std::uint64_t kInfinity = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t kSecond = 1'000'000;          // in microseconds
constexpr std::int64_t kPercent = kSecond / 100;     // one percent of a processor
constexpr std::int64_t kUsualPeriod = kSecond / 10;  // the default of the kernel, systemd and kubelet

std::uint64_t number_or_infinity(std::int64_t value) {
  return value > 0 ? static_cast<std::uint64_t>(value) : kInfinity;
}

/// systemd stores whole percents of a processor. Rounds up, so that children can use what the pod asked for.
std::uint64_t quota_per_second(std::int64_t quota, std::int64_t period) {
  if (quota <= 0) return kInfinity;
  const std::int64_t exact = quota * kSecond / period;
  return static_cast<std::uint64_t>((exact + kPercent - 1) / kPercent * kPercent);
}

/// "a-b.slice" lies in "a.slice", "a.slice" in "-.slice".
std::string parent_of(const std::string& unit) {
  const auto dash = unit.rfind('-');
  return dash == std::string::npos || dash == 0 ? "-.slice" : unit.substr(0, dash) + ".slice";
}

std::vector<SystemdAddress> usual_addresses() {
  const char* moved = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
  const std::string bus =
      moved != nullptr && *moved != '\0' ? moved : "unix:path=/run/dbus/system_bus_socket";
  return {{bus, false}, {"unix:path=/run/systemd/private", true}};
}

class SystemdSlices final : public SliceMaker {
 public:
  explicit SystemdSlices(SystemdOptions options) : options_(std::move(options)), sd_(SdBus::load()) {
    if (options_.addresses.empty()) options_.addresses = usual_addresses();
  }

  void ensure(const std::string& unit, const CgroupLimits& limits) override {
    SystemdManager systemd(sd_, options_.addresses, options_.patience);
    if (systemd.start_transient(unit, slice_properties(unit, limits, options_.v2))) return;
    // The slice exists: from an earlier start, from the Go agent, or from an administrator's unit file. The
    // last may not be running.
    const std::vector<UnitProperty> changed = limit_properties(limits, options_.v2);
    if (!changed.empty()) systemd.set_properties(unit, changed);
    systemd.start(unit);
  }

  void stop(const std::string& unit) override {
    SystemdManager systemd(sd_, options_.addresses, options_.patience);
    if (systemd.stop(unit)) systemd.reset_failed(unit);
  }

 private:
  SystemdOptions options_;
  SdBus sd_;
};

}  // namespace

std::vector<UnitProperty> limit_properties(const CgroupLimits& limits, bool v2) {
  std::vector<UnitProperty> list;
  if (limits.cpu_shares) {
    const std::int64_t value = v2 ? cpu_weight(*limits.cpu_shares) : *limits.cpu_shares;
    list.push_back({v2 ? "CPUWeight" : "CPUShares", static_cast<std::uint64_t>(value)});
  }
  if (limits.cpu_quota) {
    const std::int64_t period = limits.cpu_period.value_or(0) > 0 ? *limits.cpu_period : kUsualPeriod;
    // systemd knows this property since version 242 only: set it only where it differs from the default.
    if (period != kUsualPeriod) list.push_back({"CPUQuotaPeriodUSec", static_cast<std::uint64_t>(period)});
    list.push_back({"CPUQuotaPerSecUSec", quota_per_second(*limits.cpu_quota, period)});
  }
  if (limits.memory_bytes)
    list.push_back({v2 ? "MemoryMax" : "MemoryLimit", number_or_infinity(*limits.memory_bytes)});
  if (limits.pids) list.push_back({"TasksMax", number_or_infinity(*limits.pids)});
  return list;
}

std::vector<UnitProperty> slice_properties(const std::string& unit, const CgroupLimits& limits, bool v2) {
  std::vector<UnitProperty> list;
  list.push_back({"Description", "Pods of this Kubernetes node: " + unit});
  list.push_back({"Wants", std::vector<std::string>{parent_of(unit)}});
  list.push_back({"DefaultDependencies", false});
  list.push_back({"CPUAccounting", true});
  list.push_back({"MemoryAccounting", true});
  list.push_back({v2 ? "IOAccounting" : "BlockIOAccounting", true});
  list.push_back({"TasksAccounting", true});
  for (UnitProperty& limit : limit_properties(limits, v2)) list.push_back(std::move(limit));
  return list;
}

std::unique_ptr<SliceMaker> make_systemd_slices(SystemdOptions options) {
  std::error_code failed;
  if (!std::filesystem::is_directory(options.booted, failed))
    throw Error(
        "The cgroup driver systemd is configured, but systemd does not run this machine (" +
        options.booted.string() +
        " is not there). Set modules.edged.tailoredKubeletConfig.cgroupDriver to cgroupfs, here and in "
        "the container runtime.");
  return std::make_unique<SystemdSlices>(std::move(options));
}

}  // namespace edgecore::edged
