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
  /// The answer to a request: when the request cannot be stored this is what is published instead of
  /// everything else, with code 500.
  bool answer = false;
  std::string event_id;  ///< of the request, for an answer
};

/// An rpc of a mapper that waits for its end.
struct DmiAnswer {
  std::uint64_t id = 0;
  DmiStatus status;
  bool registration = false;  ///< ends with the mapper's models and devices
  std::string protocol;
};

/// What is due once a batch of requests is on disk, in this order.
struct Effects {
  std::vector<Publication> publications;
  std::size_t bytes = 0;  ///< of all publications
  std::vector<DmiAnswer> answers;
  /// Properties the cloud is to be told of, by device.
  std::vector<std::pair<std::string, std::vector<std::string>>> changes;
  std::set<std::string> states;     ///< devices whose state the cloud is to be told
  std::set<std::string> forgotten;  ///< devices that are gone

  void clear() { *this = Effects(); }
};

}  // namespace edgecore::devicetwin
