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
  /// Where the files of the private broker (mqttMode 0 and 1) lie; made when it is needed.
  std::filesystem::path broker_directory;
  std::string broker_program = "mosquitto";
};

struct EventBusDeps {
  store::Store& store;  ///< outlives the module
  /// The MQTT client; made by each life of the module on its thread. `make_mosquitto_client` in the program.
  std::function<std::unique_ptr<MqttClient>()> client = make_mosquitto_client;
};

/// The factory of module `eventbus` (group `bus`): MQTT between the clients on this node, the device module
/// and the cloud (protocol/04-devices.md §1, docs/messages.md).
///
/// Rules its users may rely on:
/// - The mailbox is emptied whatever the brokers do; what they do not take waits in a queue of its own,
/// bounded,
///   the oldest dropped first.
/// - No broker, or one that comes and goes, is nothing special: it is tried with pauses of up to 30 s,
/// quietly.
/// - A subscription of the cloud is kept in the database whether a broker is there or not.
/// - What is for the cloud comes at least once and in order, within a budget; what is for the device module
/// is
///   left with the broker while that module cannot take it.
beehive::ModuleFactory make_eventbus(EventBusOptions options, EventBusDeps deps);

}  // namespace edgecore::eventbus
