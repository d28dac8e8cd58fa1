// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "devicetwin/twin/device.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/kube/json.hpp"

/// Parses and checks DeviceTwin's requests (protocol/04-devices.md §2.5 to §2.9). Pure functions. Field names
/// match in any case, unknown fields are ignored, a wrong type is an error, as in Go.
namespace edgecore::devicetwin {

/// Limit of a payload; longer ones are refused.
inline constexpr std::size_t kMaxPayloadBytes = 1U << 20U;

/// A refusal as published: HTTP's codes, the Go agent's texts.
struct Refusal {
  int code = 400;
  std::string reason;
};

/// One side of a twin in a request.
struct RequestedPart {
  std::string value;
  std::optional<std::int64_t> timestamp;  ///< set by the cloud's sync only
  std::optional<TwinVersion> version;     ///< likewise
};

/// The requested change of one property.
struct TwinChange {
  std::optional<RequestedPart> expected;
  std::optional<RequestedPart> actual;
  std::optional<bool> optional;
  std::optional<std::string> type;              ///< metadata.type; "" if metadata has none
  std::optional<TwinVersion> expected_version;  ///< in a sync
  std::optional<TwinVersion> actual_version;
};

/// `twin/update` and `twin/cloud_updated`.
struct TwinUpdate {
  std::string event_id;
  /// By name; nullopt: the property is to be deleted (JSON null).
  std::vector<std::pair<std::string, std::optional<TwinChange>>> twins;
};

/// The origin of a change: the texts of refusals differ, and the cloud may leave a value out.
enum class UpdateOrigin { kLocal, kCloud };
[[nodiscard]] std::variant<TwinUpdate, Refusal> parse_twin_update(std::string_view payload,
                                                                  UpdateOrigin origin);
/// The same of a request that has been parsed; never throws.
[[nodiscard]] std::variant<TwinUpdate, Refusal> read_twin_update(const Json& request, UpdateOrigin origin);

/// A payload of MQTT as JSON; null when it is none, or is too large or too deep.
[[nodiscard]] Json payload_or_null(std::string_view payload);

/// Whether a property may have this name (§2.6).
[[nodiscard]] bool is_twin_name(std::string_view name);

/// The type of a twin for the requested `type`. An unknown type ("double", or "Updated" of old demos) becomes
/// a string: §2.13.
[[nodiscard]] std::string known_type(std::string_view type);
/// Why `value` does not fit `type`; nullopt if it does (§2.6).
[[nodiscard]] std::optional<std::string> type_mismatch(std::string_view type, std::string_view value);

/// The `event_id` of any request, or why the payload is no such object.
[[nodiscard]] Outcome<std::string> parse_event_id(std::string_view payload);
/// As far as it can be made out: for the answer to a request that is refused.
[[nodiscard]] std::string event_id_or_empty(const Json& request);

/// `state/update`: the state as sent; nullopt if it is unknown (§2.8).
[[nodiscard]] std::optional<std::string> parse_state(std::string_view payload);
[[nodiscard]] bool is_known_state(std::string_view state);

/// A device of a membership message.
struct Member {
  std::string id;
  std::string name;
  std::string description;
  Json device;                      ///< as received, without versions of twins: published like this
  std::optional<TwinUpdate> twins;  ///< nullopt: it has none
  std::optional<Json> attributes;   ///< an object; nullopt: it has none
};
struct Membership {
  std::vector<Member> added;
  std::vector<Member> removed;
  bool complete = false;  ///< the legacy form that lists all devices: those not in `added` are removed
};
/// Throws BadInput.
[[nodiscard]] Membership parse_membership(const Json& content);

/// A device id: `<namespace>/<name>`, both non-empty and fit for a topic; nullopt otherwise.
[[nodiscard]] std::optional<std::string> device_id(std::string_view name_space, std::string_view name);

/// The namespace of a device whose topic names none.
inline constexpr std::string_view kDefaultNamespace = "default";

/// How a topic names its device. Most published examples are older than namespaces in topics.
enum class TopicShape {
  kNamespaced,  ///< `$hw/events/device/<namespace>/<name>/…`
  kShort,       ///< `$hw/events/device/<name>/…`: namespace `default`
};

/// An MQTT topic for DeviceTwin (§2.3), split at its slashes.
struct DeviceTopic {
  enum class Kind {
    kMembershipGet,
    kTwinUpdate,
    kTwinGet,
    kStateUpdate,
    kAgentOnly,  ///< no client may publish here: this agent's answers, and `twin/cloud_updated`
  } kind = Kind::kTwinUpdate;
  std::string device;  ///< `<namespace>/<name>`; "" for kMembershipGet and kAgentOnly
  TopicShape shape = TopicShape::kNamespaced;
};
[[nodiscard]] std::optional<DeviceTopic> parse_topic(std::string_view topic);

}  // namespace edgecore::devicetwin
