// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "edgecore/eventbus/mqtt_client.hpp"

namespace edgecore::eventbus {

/// A broker in memory: a published message reaches the connections whose filters match the topic, also across
/// the threads of modules. All functions may be called from any thread. Must outlive the threads of the
/// clients' modules, not their connections.
class MemoryBroker {
 public:
  MemoryBroker();
  ~MemoryBroker();
  MemoryBroker(const MemoryBroker&) = delete;
  MemoryBroker& operator=(const MemoryBroker&) = delete;

  /// A client that connects to this broker.
  [[nodiscard]] std::unique_ptr<MqttClient> client();

  /// Publishes as another client of the broker.
  void publish(const std::string& topic, const std::string& payload);

  // Faults.
  /// false: refuses connections from now on, and ends existing ones.
  void set_up(bool up);
  /// Ends the existing connections.
  void cut();
  /// Refuses subscriptions to this filter.
  void refuse(const std::string& filter);
  /// While set, QoS 1 messages are taken but not acknowledged.
  void hold_acks(bool hold);

  // Observations.
  struct Published {
    std::string client_id, topic, payload;
    int qos = 0;
    bool retain = false;
  };
  [[nodiscard]] std::vector<Published> published() const;
  /// The present connections' filters, sorted; and their client ids.
  [[nodiscard]] std::vector<std::string> filters() const;
  [[nodiscard]] std::vector<std::string> clients() const;
  /// How many connections were attempted, accepted or not.
  [[nodiscard]] std::size_t attempts() const;
  /// Messages that wait because a connection does not read.
  [[nodiscard]] std::size_t held() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace edgecore::eventbus
