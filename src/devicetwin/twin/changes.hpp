// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "devicetwin/twin/device.hpp"
#include "devicetwin/twin/requests.hpp"

/// How requests change a device's twins and attributes (protocol/04-devices.md §2.6, §2.9). Pure functions:
/// they return the changed twins, and the caller stores them.
namespace edgecore::devicetwin {

/// Parts of a twin that a request has touched; the answer shows them.
struct ChangedParts {
  bool expected = false;
  bool actual = false;
};

/// One property after a change.
struct ChangedTwin {
  std::string name;
  Twin after;
  ChangedParts parts;
  bool added = false;    ///< it was absent or a tombstone
  bool deleted = false;  ///< it is a tombstone now
};

struct TwinChanges {
  std::optional<Refusal> refusal;  ///< set: nothing is to be changed
  std::vector<ChangedTwin> twins;
  std::vector<std::string> refused;  ///< by a sync: report the stored values to the cloud
};

/// A change made on this node: raises the edge's versions. Takes the whole request, or nothing of it if one
/// value does not fit its type. Ignores the deletion of an unknown name.
[[nodiscard]] TwinChanges plan_local_update(const Device& device, const TwinUpdate& update,
                                            std::int64_t now_ms);

/// A sync from the cloud (legacy; MQTT clients may send it too): each part needs a version that is not behind
/// the stored one, and takes that version over.
[[nodiscard]] TwinChanges plan_cloud_update(const Device& device, const TwinUpdate& update,
                                            std::int64_t now_ms);

/// The desired values of the cluster's Device become expected values (the cloud's version rises), if they
/// differ from the last ones that did: a value set on the node since then stays. An empty desired value is
/// none. A value that came from the Device ends when the Device has none any more.
[[nodiscard]] TwinChanges plan_desired(const Device& device, const ByName<std::string>& desired,
                                       std::int64_t now_ms);

/// Ends the expected values that are equal to those taken out of the Device.
[[nodiscard]] TwinChanges plan_withdrawn(const Device& device, const ByName<std::string>& withdrawn,
                                         std::int64_t now_ms);

/// Attributes after a message of the cloud. `complete`: attributes that it does not name are removed;
/// otherwise they stay. JSON null deletes an optional one. Throws BadInput for a malformed attribute.
[[nodiscard]] ByName<Attribute> plan_attributes(const Device& device, const Json& attributes, bool complete);

}  // namespace edgecore::devicetwin
