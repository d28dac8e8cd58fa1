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
  /// Time limit of the cloud's confirmation of a report.
  std::chrono::milliseconds report_answer{10000};
  /// Delay before a confirmation is written to the database: a device that changes steadily then causes no
  /// writes for it.
  std::chrono::milliseconds confirmation_delay{3000};
  /// Time limit of one call of a mapper.
  std::chrono::milliseconds mapper_deadline{10000};
  std::chrono::milliseconds mapper_retry{1000};
  /// Pause before the next try to open the DMI socket.
  std::chrono::milliseconds socket_retry{30000};
  /// Pause before the second and last try of a failed write.
  std::chrono::milliseconds write_retry{200};
  /// Delay before the requests of the cluster's objects in a failed write are repeated.
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

/// The factory of module `twin` (group `twin`): the devices of this node, their twins on MQTT, and their
/// messages with mappers (DMI) and with the cloud (protocol/04-devices.md §2, §3).
///
/// Guarantees:
/// - Whatever is answered on MQTT or to a mapper is on disk. Requests that wait at the same time share one
///   commit.
/// - Requests are handled in order of arrival. Twins wait neither for MQTT nor for the cloud nor for a
///   mapper.
/// - The newest value of each property reaches the cloud, also after a cut, a restart or hours without a
///   connection.
/// - A mapper gets each version of a device once; after `kill -9` it may get the last ones a second time.
beehive::ModuleFactory make_devicetwin(DeviceTwinDeps deps);

}  // namespace edgecore::devicetwin
