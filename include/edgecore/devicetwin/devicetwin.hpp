// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "edgecore/beehive/module.hpp"
#include "edgecore/devicetwin/dmi.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::devicetwin {

/// Times of the module; tests shorten them.
struct DeviceTwinTuning {
  /// Between two reports of one device to the cloud (docs/devices.md).
  std::chrono::milliseconds report_spacing{1000};
  /// For the cloud's confirmation of a report.
  std::chrono::milliseconds report_answer{10000};
  /// Before what the cloud has confirmed is noted in the database, so that a device that changes steadily
  /// costs no writes for it.
  std::chrono::milliseconds confirmation_delay{3000};
  /// For one call of a mapper.
  std::chrono::milliseconds mapper_deadline{10000};
  std::chrono::milliseconds mapper_retry{1000};
  /// Before the DMI socket is tried again that could not be opened.
  std::chrono::milliseconds socket_retry{30000};
  /// Before a write that failed is tried a second and last time.
  std::chrono::milliseconds write_retry{200};
  /// Before what the cluster's objects asked for in such a write is done again.
  std::chrono::milliseconds mend_after{5000};
};

struct DeviceTwinDeps {
  store::Store& store;  ///< outlives the module
  std::string node_name;
  std::filesystem::path dmi_socket = {};
  DmiServerFactory dmi_server = {};        ///< empty: no DMI
  MapperClientFactory mapper_client = {};  ///< empty: no DMI
  DeviceTwinTuning tuning = {};
};

/// The factory of module `twin` (group `twin`): the devices of this node, their twins on MQTT, towards
/// mappers (DMI) and towards the cloud (protocol/04-devices.md §2, §3).
///
/// Rules its users may rely on:
/// - What is answered on MQTT or to a mapper is on disk. Requests that wait at the same time share one
/// commit.
/// - Requests are taken in the order in which they came; the twin path waits neither for MQTT nor for the
/// cloud nor for
///   a mapper.
/// - The newest value of each property reaches the cloud: after a cut, a restart and hours without a
/// connection too.
/// - A mapper is told of each version of a device once; after `kill -9` it may hear the last ones a second
/// time.
beehive::ModuleFactory make_devicetwin(DeviceTwinDeps deps);

}  // namespace edgecore::devicetwin
