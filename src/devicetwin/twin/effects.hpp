// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "edgecore/devicetwin/dmi.hpp"

namespace edgecore::devicetwin {

/// One MQTT message to publish.
struct Publication {
  std::string topic;
  std::string payload;
  /// This is the answer to a request: if the request cannot be stored, only this is published, with code 500.
  bool answer = false;
  std::string event_id;  ///< of the answered request
};

/// A mapper's rpc that waits for its answer.
struct DmiAnswer {
  std::uint64_t id = 0;
  DmiStatus status;
  bool registration = false;  ///< the answer carries the mapper's models and devices
  std::string protocol;
};

/// The effects of a batch of requests, in the order in which they happen once it is on disk.
struct Effects {
  std::vector<Publication> publications;
  std::size_t bytes = 0;  ///< of all publications
  std::vector<DmiAnswer> answers;
  /// Properties to report to the cloud, by device.
  std::vector<std::pair<std::string, std::vector<std::string>>> changes;
  std::set<std::string> states;     ///< devices whose state is to be sent to the cloud
  std::set<std::string> forgotten;  ///< removed devices

  void clear() { *this = Effects(); }
};

}  // namespace edgecore::devicetwin
