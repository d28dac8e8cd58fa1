// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "edged/cgroups/cgroups.hpp"
#include "edged/cgroups/systemd_manager.hpp"

namespace edgecore::edged {

struct SystemdOptions {
  bool v2 = false;  ///< whether the machine has cgroup v2: systemd's names of limits differ
  /// Tried in this order; empty: the machine's system bus, then systemd's own socket (machines without bus).
  std::vector<SystemdAddress> addresses = {};
  /// Of each call of SliceMaker.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
  /// Is there while systemd runs the machine (sd_booted(3)).
  std::filesystem::path booted = "/run/systemd/system";
};

/// Slices by systemd over D-Bus (protocol/05-edged.md §1.13). Keeps no connection between calls, so a bus or
/// a systemd that was started anew is no matter. Throws Error when systemd does not run this machine or its
/// library is not installed.
std::unique_ptr<SliceMaker> make_systemd_slices(SystemdOptions options);

/// The limits as properties of a slice. Huge pages are left out: systemd does not know them.
std::vector<UnitProperty> limit_properties(const CgroupLimits& limits, bool v2);

/// All that a new slice is made with: its parent, accounting, the limits. Delegate is not among them: systemd
/// refuses it for slices.
std::vector<UnitProperty> slice_properties(const std::string& unit, const CgroupLimits& limits, bool v2);

}  // namespace edgecore::edged
