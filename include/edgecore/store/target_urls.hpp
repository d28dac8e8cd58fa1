// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/store/source.hpp"

/// Table `target_urls`: the URLs that applications on the node may reach through ServiceBus, whose HTTP
/// server runs while the table has a row (protocol/04-devices.md §5.1).
namespace edgecore::store::target_urls {

/// False if it was there already; then nothing is written.
bool add(Transaction& into, std::string_view url);
bool remove(Transaction& from, std::string_view url);
[[nodiscard]] bool contains(const Source& from, std::string_view url);
[[nodiscard]] std::vector<std::string> list(const Source& from);

}  // namespace edgecore::store::target_urls
