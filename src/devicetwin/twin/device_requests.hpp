// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
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
  /// Desired values that were taken out of the Device, with the values they had.
  void on_withdrawn(const std::string& device, const ByName<std::string>& withdrawn);

  /// Requests of a mapper. The status is sent once the change is on disk.
  DmiStatus on_status_report(const DmiRequest& request);
  DmiStatus on_state_report(const DmiRequest& request);

 private:
  [[nodiscard]] std::int64_t now() const { return unix_millis(parts_.clock.wall()); }
  /// A device as an answer's topic names it: in the shape of the request's.
  struct Address {
    std::string device;
    TopicShape shape = TopicShape::kNamespaced;
  };
  /// Who has changed a device.
  enum class Author { kNode, kCloud };

  void publish(std::string topic, std::string payload);
  /// News of a device, for everybody who listens: in both shapes if a client uses the short one. A client may
  /// do nothing but listen, so the cloud's changes are told in both as well.
  void announce(const std::string& device, std::string_view suffix, const std::string& payload,
                Author author = Author::kNode);
  void answer(std::string topic, std::string payload, std::string event_id);
  void refuse(const Address& to, std::string_view suffix, const std::string& event_id,
              const Refusal& refusal);
  void ignore(std::string_view topic, const char* why);

  void on_membership_get(std::string_view payload);
  void on_twin_get(const Address& asked, std::string_view payload);
  void on_local_update(const Address& asked, std::string_view payload);
  void on_state_update(const std::string& device, std::string_view payload);

  /// Applies the changes and publishes the document.
  void take_changes(const std::string& device, const std::string& event_id, const TwinChanges& changes,
                    Author author);
  void publish_delta(const std::string& device, Author author);
  void take_from_cloud(const std::string& device, const TwinChanges& changes);
  /// Why a device may not grow that large.
  [[nodiscard]] static std::optional<Refusal> limit(const Device& device, const TwinChanges& changes);
  /// nullopt: success; the caller still has to publish the delta.
  std::optional<Refusal> update(const Address& asked, const TwinUpdate& update);
  void add_member(const Member& member);
  void remove_member(const Member& member);
  void set_state(const std::string& device, std::string state);
  DmiStatus report_twin(const std::string& device, const ReportedTwin& twin);

  Parts parts_;
  std::set<std::string, std::less<>>
      short_clients_;  ///< known devices with a client that uses the short shape
  log::Quiet strange_topics_;
};

}  // namespace edgecore::devicetwin
