// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "edgecore/beehive/bus.hpp"
#include "edgecore/devicetwin/dmi.hpp"

namespace edgecore::devicetwin {

/// Requests of mappers on their way from gRPC's threads to the module's. In its mailbox a message stands for
/// each, so that a request waits its turn there with everything else and a full mailbox refuses it.
class DmiInbox {
 public:
  /// False: the mailbox is full. Any thread.
  [[nodiscard]] bool put(beehive::Bus& bus, DmiRequest request);

  [[nodiscard]] static bool is_notice(const beehive::Message& message);
  /// The request that a message stands for, once; nullopt when it came to an earlier life of the module, with
  /// which its rpc has ended.
  [[nodiscard]] std::optional<DmiRequest> take(const beehive::Message& notice);

  [[nodiscard]] std::size_t waiting() const {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, DmiRequest> waiting_;  ///< by the id of their message
};

}  // namespace edgecore::devicetwin
