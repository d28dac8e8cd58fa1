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
  bool v2 = false;  ///< the machine has cgroup v2, for which systemd's limits have other names
  /// Tried in this order; empty: the machine's system bus, then systemd's own socket (machines without a
  /// bus).
  std::vector<SystemdAddress> addresses = {};
  /// Time limit of each call of SliceMaker.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
  /// Exists while systemd runs the machine (sd_booted(3)).
  std::filesystem::path booted = "/run/systemd/system";
};

/// Slices by systemd over D-Bus (protocol/05-edged.md §1.13). Keeps no connection between calls, so it
/// survives restarts of the bus or of systemd. Throws Error if systemd does not run this machine or its
/// library is not installed.
std::unique_ptr<SliceMaker> make_systemd_slices(SystemdOptions options);

/// The limits as properties of a slice. Huge pages are left out: systemd does not know them.
std::vector<UnitProperty> limit_properties(const CgroupLimits& limits, bool v2);

/// The properties of a new slice: its parent, accounting, the limits. Not Delegate: systemd refuses it for
/// slices.
std::vector<UnitProperty> slice_properties(const std::string& unit, const CgroupLimits& limits, bool v2);

}  // namespace edgecore::edged
