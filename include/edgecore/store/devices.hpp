// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/store/source.hpp"

/// Tables `device`, `device_attr`, `device_twin` (protocol/04-devices.md §2.1). NULL is read as "". Writing
/// an identical row does not touch the disk. All functions throw StoreError.
namespace edgecore::store::devices {

struct Device {
  std::string id;  ///< `<namespace>/<name>`
  std::string name;
  std::string description;
  std::string state;
  std::string last_online;  ///< RFC 3339, UTC
  bool operator==(const Device&) const = default;
};

struct Attribute {
  std::string device_id;
  std::string name;
  std::string description;
  std::string value;
  bool optional = false;
  std::string attr_type;
  std::string metadata;  ///< JSON text of the type metadata, with an empty type
  bool operator==(const Attribute&) const = default;
};

struct Twin {
  std::string device_id;
  std::string name;
  std::string description;
  std::string expected;
  std::string actual;
  std::string expected_meta;  ///< `{"timestamp":1700000000123}`
  std::string actual_meta;
  std::string expected_version;  ///< `{"cloud":0,"edge":3}`
  std::string actual_version;
  bool optional = false;
  std::string attr_type;  ///< `deleted` marks a tombstone
  std::string metadata;
  bool operator==(const Twin&) const = default;
};

void upsert(Transaction& into, const Device& device);
/// By (device_id, name). The table may have several such rows; updates all of them.
void upsert(Transaction& into, const Attribute& attribute);
void upsert(Transaction& into, const Twin& twin);

[[nodiscard]] std::optional<Device> find(const Source& from, std::string_view id);
[[nodiscard]] std::vector<Device> list(const Source& from);
/// The attributes of one device, or of all devices if "" (DeviceTwin's start); ordered by device and row id.
[[nodiscard]] std::vector<Attribute> attributes(const Source& from, std::string_view device_id = "");
[[nodiscard]] std::vector<Twin> twins(const Source& from, std::string_view device_id = "");

/// Removes the device with its attributes and twins; false if there was none of them.
bool remove(Transaction& from, std::string_view id);
bool remove_attribute(Transaction& from, std::string_view device_id, std::string_view name);

}  // namespace edgecore::store::devices
