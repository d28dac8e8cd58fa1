// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "devicetwin/twin/device.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::devicetwin {

/// What is kept in memory of a Device of the cluster; the whole object stays in the database.
struct CatalogDevice {
  std::string protocol;         ///< `spec.protocol.protocolName`: which mapper serves it
  std::string model;            ///< key of its DeviceModel, `<namespace>/<name>`; "" for none
  std::string description;      ///< label `description`
  std::string digest;           ///< of the spec: what the mapper is told
  ByName<std::string> desired;  ///< desired value by property, of the properties that have one
  std::set<std::string, std::less<>> properties;  ///< of the spec
  std::set<std::string, std::less<>> shown;  ///< of these, the ones that the cloud's status has a value of
};

struct CatalogModel {
  std::string protocol;
  std::string digest;
};

/// Throws BadInput when the object is no Device or DeviceModel (protocol/04-devices.md §4). Absent parts
/// count as empty.
[[nodiscard]] CatalogDevice read_device(const Json& object);
[[nodiscard]] CatalogModel read_model(const Json& object);

/// The Devices and DeviceModels of this node as the cluster has them, by `<namespace>/<name>`.
struct Catalog {
  ByName<CatalogDevice> devices;
  ByName<CatalogModel> models;

  /// Whether the cloud shows what it is told of this property. The first report of one that it does not show
  /// makes an entry without a value: it takes a second report (§2.11). What is no property of the Device it
  /// never shows, and a second report would not help.
  [[nodiscard]] bool shows(std::string_view device, std::string_view property) const;
  /// It was told twice.
  void note_shown(const std::string& device, const std::string& property);
};

}  // namespace edgecore::devicetwin
