// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "devicetwin/twin/device.hpp"
#include "edgecore/store/devices.hpp"

/// Converts between a device in memory and its rows in the database (protocol/04-devices.md §2.1). Pure
/// functions.
namespace edgecore::devicetwin {

[[nodiscard]] store::devices::Device device_row(const Device& device);
[[nodiscard]] store::devices::Twin twin_row(const std::string& device_id, const std::string& name,
                                            const Twin& twin);
[[nodiscard]] store::devices::Attribute attribute_row(const std::string& device_id, const std::string& name,
                                                      const Attribute& attribute);

/// Reads all tables. An unreadable part of a row (malformed metadata) counts as absent.
[[nodiscard]] ByName<Device> load_devices(const store::Source& from);

}  // namespace edgecore::devicetwin
