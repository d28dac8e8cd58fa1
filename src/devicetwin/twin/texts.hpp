// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "devicetwin/twin/changes.hpp"
#include "devicetwin/twin/device.hpp"
#include "edgecore/kube/json.hpp"

/// The payloads that DeviceTwin publishes and sends (protocol/04-devices.md §2.4 to §2.9). Pure functions;
/// `now_ms` is Unix ms.
namespace edgecore::devicetwin {

/// Whether clients may leave out the device's namespace.
[[nodiscard]] bool has_short_topic(std::string_view device_id);
/// The topic of an answer about a device: `$hw/events/device/<id>/<suffix>`, or with the name only.
[[nodiscard]] std::string device_topic(std::string_view device_id, std::string_view suffix,
                                       TopicShape shape = TopicShape::kNamespaced);
[[nodiscard]] std::string node_topic(std::string_view node_name, std::string_view suffix);

/// `{event_id, timestamp, code, reason}`.
[[nodiscard]] std::string refusal_text(std::string_view event_id, std::int64_t now_ms,
                                       const Refusal& refusal);
/// `twin/update/result`.
[[nodiscard]] std::string result_text(std::string_view event_id, std::int64_t now_ms,
                                      const TwinChanges& changes);
/// `twin/update/document`: `before` is the device before the change.
[[nodiscard]] std::string document_text(std::string_view event_id, std::int64_t now_ms, const Device& before,
                                        const TwinChanges& changes);
/// `twin/update/delta`; "" if every expected value equals the actual one.
[[nodiscard]] std::string delta_text(const Device& device, std::int64_t now_ms);
/// `twin/get/result`.
[[nodiscard]] std::string twins_text(std::string_view event_id, std::int64_t now_ms, const Device& device);
/// `state/update/result`, and the state message to the cloud: with both spellings of the last time online
/// (§2.13).
[[nodiscard]] std::string state_text(const Device& device, std::int64_t now_ms);
/// `updated`: the attributes that differ; null for a removed one.
[[nodiscard]] std::string attributes_text(std::int64_t now_ms, const ByName<Attribute>& before,
                                          const ByName<Attribute>& after);
/// `membership/updated` for one device.
[[nodiscard]] std::string membership_text(std::int64_t now_ms, const Json& device, bool added);
[[nodiscard]] Json member_json(const Device& device);
/// `membership/get/result`.
[[nodiscard]] std::string members_text(std::string_view event_id, std::int64_t now_ms,
                                       const ByName<Device>& devices);

/// Content of `edge_updated`: these twins with their versions.
[[nodiscard]] Json report_content(const Device& device, const std::vector<std::string>& twins,
                                  std::int64_t now_ms);
/// Content of `membership/detail`: JSON text, as the Go agent sends it.
[[nodiscard]] std::string membership_detail_text(std::string_view node_name, std::int64_t now_ms);

}  // namespace edgecore::devicetwin
