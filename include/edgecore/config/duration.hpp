// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edgecore/config/kubelet.hpp"

namespace edgecore::config {

/// A duration as Go writes it: an optional sign and decimal numbers with the units ns us µs ms s m h
/// ("1h15m30.5s"), or "0". nullopt when it is not one or does not fit 64-bit nanoseconds
/// (protocol/06-config-cli-tasks.md §1.1).
std::optional<Duration> parse_duration(std::string_view text);

/// Go's canonical form: "1m0s", "4h0m0s", "100ms", "0s".
std::string format_duration(Duration value);

}  // namespace edgecore::config
