// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/store/source.hpp"

/// Table `edgecore_info` (not in the Go EdgeCore): the node's own settings, as key and value.
namespace edgecore::store::info {

[[nodiscard]] std::optional<std::string> find(const Source& from, std::string_view key);
/// Writing an identical value does not touch the disk.
void set(Transaction& into, std::string_view key, std::string_view value);
bool remove(Transaction& from, std::string_view key);

/// A time that has certainly passed: the wall clock when the cloud was connected, a day old at most
/// (TrustedClock). nullopt before the first connection.
[[nodiscard]] std::optional<WallTime> time_floor(const Source& from);
void set_time_floor(Transaction& into, WallTime passed);

/// True from the creation of a database (first start, or a corrupt file set aside) until
/// `clear_resync_needed`: rows that the cloud considers delivered may be missing, so ask the cloud for
/// everything (protocol/07-observed.md).
[[nodiscard]] bool resync_needed(const Source& from);
void clear_resync_needed(Transaction& into);

/// The pods are back, devices and their models are still missing: `resync_needed` is false from now on,
/// `devices_needed` until `clear_resync_needed`.
void pods_are_back(Transaction& into);
[[nodiscard]] bool devices_needed(const Source& from);

}  // namespace edgecore::store::info
