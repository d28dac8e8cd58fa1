// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "devicetwin/twin/changes.hpp"
#include "devicetwin/twin/device_table.hpp"
#include "devicetwin/twin/effects.hpp"
#include "devicetwin/twin/requests.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore::devicetwin {

/// Limit of properties of one device, tombstones included.
inline constexpr std::size_t kMaxTwins = 2000;
/// Limit of all values of one device, including those that a request replaces: one message may have to carry
/// them.
inline constexpr std::size_t kMaxDeviceBytes = 1U << 20U;
/// Limit of a value that a mapper reports over DMI (over MQTT it is 512 bytes, protocol/04-devices.md §2.6).
inline constexpr std::size_t kMaxDmiValueBytes = 64U << 10U;

/// Carries out requests about devices and their twins: changes the table, and notes the effects that are due
/// once the change is on disk (protocol/04-devices.md §2, §3.6). Passive; the module's thread.
class DeviceRequests {
 public:
  struct Parts {
    DeviceTable& table;
    Effects& effects;
    const Clock& clock;
    log::Logger log;
    std::string node_name;
  };
  explicit DeviceRequests(Parts parts) : parts_(std::move(parts)) {}

  /// A message of an MQTT client.
  void on_topic(std::string_view topic, std::string_view payload);

  /// Messages of the cloud. Throw BadInput.
  void on_membership(const Json& content);
  void on_attributes(const std::string& device, const Json& content);
  void on_cloud_update(const std::string& device, const Json& body);

  /// The cluster's Device was added, or deleted.
  void make_known(const std::string& device, std::string_view description);
  void forget(const std::string& device);
  /// The cluster's desired values of a device without a mapper (§2.13).
  void on_desired(const std::string& device, const ByName<std::string>& desired);

  /// Requests of a mapper. The status is sent once the change is on disk.
  DmiStatus on_status_report(const DmiRequest& request);
  DmiStatus on_state_report(const DmiRequest& request);

 private:
  [[nodiscard]] std::int64_t now() const { return unix_millis(parts_.clock.wall()); }
  void publish(std::string topic, std::string payload);
  void answer(std::string topic, std::string payload, std::string event_id);
  void refuse(const std::string& device, std::string_view suffix, const std::string& event_id,
              const Refusal& refusal);

  void on_membership_get(std::string_view payload);
  void on_twin_get(const std::string& device, std::string_view payload);
  void on_local_update(const std::string& device, std::string_view payload);
  void on_state_update(const std::string& device, std::string_view payload);

  /// Applies the changes and publishes the document.
  void take_changes(const std::string& device, const std::string& event_id, const TwinChanges& changes);
  void publish_delta(const std::string& device);
  /// Why a device may not grow that large.
  [[nodiscard]] static std::optional<Refusal> limit(const Device& device, const TwinChanges& changes);
  /// nullopt: success; the caller still has to publish the delta.
  std::optional<Refusal> update(const std::string& device, const TwinUpdate& update);
  void add_member(const Member& member);
  void remove_member(const Member& member);
  void set_state(const std::string& device, std::string state);
  DmiStatus report_twin(const std::string& device, const ReportedTwin& twin);

  Parts parts_;
  log::Quiet strange_topics_;
};

}  // namespace edgecore::devicetwin
