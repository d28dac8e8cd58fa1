// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/store/source.hpp"

/// Table `sub_topics`: the MQTT topic filters the cloud asked EventBus to forward (protocol/04-devices.md
/// §1.6).
namespace edgecore::store::sub_topics {

/// False if it was there already; then nothing is written.
bool add(Transaction& into, std::string_view topic);
bool remove(Transaction& from, std::string_view topic);
[[nodiscard]] std::vector<std::string> list(const Source& from);

}  // namespace edgecore::store::sub_topics
