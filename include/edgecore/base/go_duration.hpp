// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace edgecore {

/// A duration as Go's time.ParseDuration reads it, in configuration, annotations and metav1.Duration: an
/// optional sign and decimal numbers with the units ns us µs ms s m h ("1h15m30.5s"), or "0". nullopt if it
/// is malformed or does not fit 64-bit nanoseconds.
std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text);

/// The text that Go prints: "0s", "300ms", "1m20s", "4h0m0s", "1.5s".
std::string format_go_duration(std::chrono::nanoseconds duration);

}  // namespace edgecore
