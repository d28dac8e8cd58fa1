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

/// Most properties of one device, tombstones included.
inline constexpr std::size_t kMaxTwins = 2000;
/// All values of one device together, those that a request replaces counted as well: what one message may
/// have to carry.
inline constexpr std::size_t kMaxDeviceBytes = 1U << 20U;
/// Longest value that a mapper may report over DMI (over MQTT it is 512 bytes, protocol/04-devices.md §2.6).
inline constexpr std::size_t kMaxDmiValueBytes = 64U << 10U;

/// Carries out what is asked about devices and their twins: changes the table and notes what is due once that
/// is on disk (protocol/04-devices.md §2, §3.6). Passive; the module's thread.
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

  /// What came by MQTT.
  void on_topic(std::string_view topic, std::string_view payload);

  /// From the cloud. Throws BadInput.
  void on_membership(const Json& content);
  void on_attributes(const std::string& device, const Json& content);
  void on_cloud_update(const std::string& device, std::string_view payload);

  /// The cluster's Device is there, or gone.
  void make_known(const std::string& device, std::string_view description);
  void forget(const std::string& device);
  /// What the cluster wants of a device that no mapper serves (§2.13).
  void on_desired(const std::string& device, const ByName<std::string>& desired);

  /// From a mapper. The status says what became of it once it is on disk.
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

  /// Puts the changes in place; publishes the document.
  void take_changes(const std::string& device, const std::string& event_id, const TwinChanges& changes);
  void publish_delta(const std::string& device);
  /// Why a device may not become so large.
  [[nodiscard]] static std::optional<Refusal> limit(const Device& device, const TwinChanges& changes);
  /// nullopt when it went well; the delta is still to be published.
  std::optional<Refusal> update(const std::string& device, const TwinUpdate& update);
  void add_member(const Member& member);
  void remove_member(const Member& member);
  void set_state(const std::string& device, std::string state);
  DmiStatus report_twin(const std::string& device, const ReportedTwin& twin);

  Parts parts_;
  log::Quiet strange_topics_;
};

}  // namespace edgecore::devicetwin
