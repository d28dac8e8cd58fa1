// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/store/source.hpp"

/// Table `edgecore_unreported` (ours alone): the devices whose twins have changed since the cloud last
/// confirmed a report of them, so that neither a cut nor a restart loses the newest values
/// (protocol/04-devices.md §2.13). When the table is made, every device of the database is in it: nobody
/// knows what the cloud has of them.
namespace edgecore::store::unreported {

/// False when it was there already (and nothing was written).
bool add(Transaction& into, std::string_view device_id);
bool remove(Transaction& from, std::string_view device_id);
[[nodiscard]] std::vector<std::string> list(const Source& from);

}  // namespace edgecore::store::unreported
