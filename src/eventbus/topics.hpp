// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

/// What MQTT topics mean here (protocol/04-devices.md §1.4). Pure functions.
namespace edgecore::eventbus {

/// The filters every node subscribes to.
inline constexpr std::array<std::string_view, 6> kFixedFilters = {
    "$hw/events/upload/#",          "$hw/events/device/+/+/state/update",
    "$hw/events/device/+/+/twin/+", "$hw/events/node/+/membership/get",
    "SYS/dis/upload_records",       "+/user/#",
};

/// Whether a message on this topic is for the device module; everything else is for the cloud.
[[nodiscard]] bool is_for_twin(std::string_view topic);

/// Whether MQTT allows this as a topic to publish on, or to subscribe to: not empty, at most 65,535 bytes, no
/// zero byte; wildcards not at all, or as whole levels and `#` last. (Whether it is UTF-8 the client checks.)
[[nodiscard]] bool is_topic(std::string_view text);
[[nodiscard]] bool is_filter(std::string_view text);

/// Whether the filter takes the topic; both must be valid. Wildcards do not take a first level that begins
/// with `$`.
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic);

}  // namespace edgecore::eventbus
