// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

/// The meaning of MQTT topics (protocol/04-devices.md §1.4). Pure functions.
namespace edgecore::eventbus {

/// The filters that every node subscribes to: the Go agent's, and those of topics that leave out a device's
/// namespace (docs/devices.md).
inline constexpr std::array<std::string_view, 8> kFixedFilters = {
    "$hw/events/upload/#",          "$hw/events/device/+/+/state/update",
    "$hw/events/device/+/+/twin/+", "$hw/events/device/+/state/update",
    "$hw/events/device/+/twin/+",   "$hw/events/node/+/membership/get",
    "SYS/dis/upload_records",       "+/user/#",
};

/// Whether a message with this topic is for the device module; all others are for the cloud.
[[nodiscard]] bool is_for_twin(std::string_view topic);

/// Whether MQTT allows the text as a topic or as a filter: not empty, at most 65,535 bytes, no zero byte.
/// Wildcards only in filters, as whole levels, `#` only as the last. (The client checks for UTF-8.)
[[nodiscard]] bool is_topic(std::string_view text);
[[nodiscard]] bool is_filter(std::string_view text);

/// Whether the filter matches the topic; both must be valid. A wildcard does not match a first level that
/// begins with `$`.
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic);

}  // namespace edgecore::eventbus
