// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "edgecore/eventbus/mqtt_client.hpp"

namespace edgecore::eventbus {

/// A broker in memory: what is published on it reaches the connections whose filters
/// take the topic, also across the threads of modules. Every function may be called from any thread. Must
/// outlive the clients' modules' threads, not their connections.
class MemoryBroker {
 public:
  MemoryBroker();
  ~MemoryBroker();
  MemoryBroker(const MemoryBroker&) = delete;
  MemoryBroker& operator=(const MemoryBroker&) = delete;

  /// A client whose connections end at this broker.
  [[nodiscard]] std::unique_ptr<MqttClient> client();

  /// As another client of the broker.
  void publish(const std::string& topic, const std::string& payload);

  // Faults.
  /// false: connections are refused from now on; those that are there end.
  void set_up(bool up);
  /// Ends the connections that are there.
  void cut();
  /// This filter is not granted.
  void refuse(const std::string& filter);
  /// Messages of QoS 1 are taken but not acknowledged while this is set.
  void hold_acks(bool hold);

  // What it saw.
  struct Published {
    std::string client_id, topic, payload;
    int qos = 0;
    bool retain = false;
  };
  [[nodiscard]] std::vector<Published> published() const;
  /// Filters of the connections of now, sorted; and the client ids of these.
  [[nodiscard]] std::vector<std::string> filters() const;
  [[nodiscard]] std::vector<std::string> clients() const;
  /// How often a connection was asked for, granted or not.
  [[nodiscard]] std::size_t attempts() const;
  /// Messages that wait because a connection does not read.
  [[nodiscard]] std::size_t held() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace edgecore::eventbus
