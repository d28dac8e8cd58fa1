#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "devicetwin/device.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::devicetwin {

/// What is kept in memory of a Device of the cluster; the whole object stays in the database.
struct CatalogDevice {
  std::string protocol;                      ///< `spec.protocol.protocolName`: which mapper serves it
  std::string model;                         ///< key of its DeviceModel, `<namespace>/<name>`; "" for none
  std::string description;                   ///< label `description`
  std::string digest;                        ///< of the spec: what the mapper is told
  ByName<std::string> desired;               ///< desired value by property, of the properties that have one
  std::set<std::string, std::less<>> shown;  ///< properties that the cloud's status has an entry for
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

  /// Whether the cloud's Device shows this property already. The first report of one that it does not show
  /// makes an entry without a value: it takes a second report (§2.11).
  [[nodiscard]] bool shows(std::string_view device, std::string_view property) const;
};

}  // namespace edgecore::devicetwin
