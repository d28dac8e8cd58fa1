// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/store/source.hpp"

/// Table `edgecore_unreported` (not in the Go EdgeCore): the devices whose twins have changed since the cloud
/// last confirmed a report, so that neither a disconnection nor a restart loses the newest values
/// (protocol/04-devices.md §2.13). When the table is created, it gets every device of the database, because
/// it is unknown which values the cloud has.
namespace edgecore::store::unreported {

/// False if it was there already; then nothing is written.
bool add(Transaction& into, std::string_view device_id);
bool remove(Transaction& from, std::string_view device_id);
[[nodiscard]] std::vector<std::string> list(const Source& from);

}  // namespace edgecore::store::unreported
