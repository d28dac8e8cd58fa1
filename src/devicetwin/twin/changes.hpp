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

/// What requests do to a device's twins and attributes (protocol/04-devices.md §2.6, §2.9). Pure functions:
/// they give back the changed twins, and the caller puts them in place.
namespace edgecore::devicetwin {

/// Parts of a twin that a request has touched: what is shown in the answer.
struct ChangedParts {
  bool expected = false;
  bool actual = false;
};

/// One property after a change.
struct ChangedTwin {
  std::string name;
  Twin after;
  ChangedParts parts;
  bool added = false;    ///< it was not there, or a tombstone
  bool deleted = false;  ///< it is a tombstone now
};

struct TwinChanges {
  std::optional<Refusal> refusal;  ///< then nothing is to be changed
  std::vector<ChangedTwin> twins;
  std::vector<std::string> refused;  ///< by a sync: the cloud is told what is stored
};

/// A change made on this node: the edge's versions rise. All of the request or, when one value does not fit
/// its type, nothing. A name that is not there and is to be deleted is left alone.
[[nodiscard]] TwinChanges plan_local_update(const Device& device, const TwinUpdate& update,
                                            std::int64_t now_ms);

/// A sync from the cloud (legacy; MQTT clients may send it too): each part needs a version that is not behind
/// the stored one, and takes it over.
[[nodiscard]] TwinChanges plan_cloud_update(const Device& device, const TwinUpdate& update,
                                            std::int64_t now_ms);

/// The desired values of the cluster's Device become the expected ones (the cloud's version rises), for those
/// that differ from what was made expected before: what somebody on the node has set since then stays.
[[nodiscard]] TwinChanges plan_desired(const Device& device, const ByName<std::string>& desired,
                                       std::int64_t now_ms);

/// Attributes after a message of the cloud. `complete`: names that are absent go. Other names are left alone,
/// JSON null deletes an optional one. Throws BadInput for what is no attribute.
[[nodiscard]] ByName<Attribute> plan_attributes(const Device& device, const Json& attributes, bool complete);

}  // namespace edgecore::devicetwin
