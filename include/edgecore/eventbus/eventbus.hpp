// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "edgecore/beehive/module.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/eventbus/mqtt_client.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::eventbus {

struct EventBusOptions {
  config::EventBus config;
  /// Directory of the private broker's files (mqttMode 0 and 1); created if needed.
  std::filesystem::path broker_directory;
  std::string broker_program = "mosquitto";
};

struct EventBusDeps {
  store::Store& store;  ///< outlives the module
  /// Makes the MQTT client; each life of the module calls it on its thread. `make_mosquitto_client` in the
  /// program.
  std::function<std::unique_ptr<MqttClient>()> client = make_mosquitto_client;
};

/// The factory of module `eventbus` (group `bus`): MQTT between the clients on this node, the device module
/// and the cloud (protocol/04-devices.md §1, docs/messages.md).
///
/// Guarantees:
/// - The mailbox is emptied whatever the brokers do. Messages that a broker does not take wait in a bounded
///   queue; the oldest are dropped first.
/// - A missing broker, or one that comes and goes, is normal: reconnects have pauses of up to 5 s
///   (±25 %) and are hardly logged.
/// - The cloud's subscriptions are kept in the database, with or without a broker.
/// - Messages for the cloud arrive at least once and in order, within a budget. Messages for the device
///   module stay with the broker while that module cannot take them.
beehive::ModuleFactory make_eventbus(EventBusOptions options, EventBusDeps deps);

}  // namespace edgecore::eventbus
