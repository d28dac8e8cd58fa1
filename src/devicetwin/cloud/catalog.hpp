// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "devicetwin/twin/device.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::devicetwin {

/// What memory holds of a Device of the cluster; the whole object is in the database.
struct CatalogDevice {
  std::string protocol;         ///< `spec.protocol.protocolName`: selects its mapper
  std::string model;            ///< key of its DeviceModel, `<namespace>/<name>`; "" = none
  std::string description;      ///< label `description`
  std::string digest;           ///< of the spec, which the mapper is told
  ByName<std::string> desired;  ///< desired value by property; properties without one are left out
  std::set<std::string, std::less<>> properties;  ///< all properties of the spec
  std::set<std::string, std::less<>> shown;       ///< properties with a value in the cloud's status
};

struct CatalogModel {
  std::string protocol;
  std::string digest;
};

/// Throws BadInput if the object is not a Device or DeviceModel (protocol/04-devices.md §4). Absent parts
/// count as empty.
[[nodiscard]] CatalogDevice read_device(const Json& object);
[[nodiscard]] CatalogModel read_model(const Json& object);

/// The desired values of `before` that the device does not have any more, with the values they had.
[[nodiscard]] ByName<std::string> withdrawn(const ByName<std::string>& before, const CatalogDevice& device);

/// The Devices and DeviceModels of this node, as the cluster has them, by `<namespace>/<name>`.
struct Catalog {
  ByName<CatalogDevice> devices;
  ByName<CatalogModel> models;

  /// The desired values of a device; empty if it is unknown.
  [[nodiscard]] ByName<std::string> desired(std::string_view device) const;
  /// Whether the cloud shows reported values of this property. If it does not, the first report only makes an
  /// entry without a value, and a second one is needed (§2.11). True for a name that is not a property of the
  /// Device: the cloud never shows it, and a second report would not help.
  [[nodiscard]] bool shows(std::string_view device, std::string_view property) const;
  /// The property was reported twice.
  void note_shown(const std::string& device, const std::string& property);
};

}  // namespace edgecore::devicetwin
