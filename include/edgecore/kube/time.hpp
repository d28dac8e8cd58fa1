// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// metav1.Time: UTC in whole seconds, "2024-06-10T06:13:20Z".
std::string format_time(WallTime time);
/// metav1.MicroTime: UTC with exactly six digits, "2024-06-10T06:13:20.123456Z" (protocol/02-metamanager.md
/// §3.8).
std::string format_micro_time(WallTime time);
/// UTC with up to nine digits and no trailing zeros (Go's RFC3339Nano), for container logs and CRI.
std::string format_nano_time(WallTime time);

/// RFC 3339 with any number of fraction digits (those beyond nanoseconds are cut) and any offset. Dates
/// outside the range of WallTime (before 1677 as Go's zero time, after 2262 as "never") become its smallest
/// or largest value, so that comparisons stay correct. nullopt for anything else.
std::optional<WallTime> parse_time(std::string_view text);

/// The time at a path; nullopt when it is absent, null or not a time.
std::optional<WallTime> time_at(const Json& value, std::string_view path);

}  // namespace edgecore::kube
