// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/twin/requests.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::devicetwin {
namespace {

constexpr std::size_t kMaxKeyBytes = 128;
constexpr std::size_t kMaxValueBytes = 512;
constexpr std::size_t kMaxDeviceIdPart = 253;
const kube::JsonLimits kPayloadLimits = {kMaxPayloadBytes, 32, 100'000};

constexpr const char* kLocalUnmarshal = "Unmarshal update request body failed, please check the request";
constexpr const char* kCloudUnmarshal = "unmarshal update request body failed, Please check the request";
constexpr const char* kNoTwin = "Update twin error, key:twin does not exist";
constexpr const char* kWrongBody = "the request body is wrong";

/// The member with this name, in any case; an exact match first. JSON null counts as absent.
const Json* field(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  auto found = object.find(std::string(name));
  if (found == object.end()) {
    for (auto it = object.begin(); it != object.end(); ++it)
      if (iequals(it.key(), name)) found = it;
  }
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text_field(const Json& object, std::string_view name) {
  const Json* value = field(object, name);
  if (value == nullptr) return {};
  if (!value->is_string()) throw BadInput("\"" + std::string(name) + "\" is not a string");
  return value->get<std::string>();
}

std::optional<std::int64_t> number_field(const Json& object, std::string_view name) {
  const Json* value = field(object, name);
  if (value == nullptr) return std::nullopt;
  const auto number = value->is_number() ? kube::to_int(*value) : std::nullopt;
  if (!number) throw BadInput("\"" + std::string(name) + "\" is not a whole number");
  return number;
}

const Json* object_field(const Json& object, std::string_view name) {
  const Json* value = field(object, name);
  if (value != nullptr && !value->is_object())
    throw BadInput("\"" + std::string(name) + "\" is not an object");
  return value;
}

std::optional<TwinVersion> version_field(const Json& object, std::string_view name) {
  const Json* version = object_field(object, name);
  if (version == nullptr) return std::nullopt;
  const auto count = [&](const char* side) {
    const std::int64_t number = number_field(*version, side).value_or(0);
    if (number < 0 || number > kMaxVersion) throw BadInput("\"" + std::string(name) + "\" is out of range");
    return number;
  };
  return TwinVersion{count("cloud"), count("edge")};
}

/// Allowed characters of names and values (protocol/04-devices.md §2.6).
bool is_plain(std::string_view text, std::size_t max) {
  constexpr std::string_view kSpecial = "-_.,:/@#";
  if (text.empty() || text.size() > max) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_alnum(c) || kSpecial.find(c) != std::string_view::npos; });
}

std::string not_plain(const char* what, std::size_t max) {
  return std::string("The ") + what +
         " of twin must only include upper or lowercase letters, number, english, and special letter - _ . , "
         ": / @ # "
         "and the length of " +
         what + " should be less than " + std::to_string(max) + " bytes";
}

/// A request with the right types but an invalid content.
class WrongBody : public BadInput {
 public:
  using BadInput::BadInput;
};

std::optional<RequestedPart> part_field(const Json& twin, const char* name, UpdateOrigin origin) {
  const Json* given = object_field(twin, name);
  if (given == nullptr) return std::nullopt;
  RequestedPart part;
  const Json* value = field(*given, "value");
  if (value == nullptr && origin == UpdateOrigin::kLocal) throw WrongBody(kWrongBody);
  part.value = text_field(*given, "value");
  if (const Json* metadata = object_field(*given, "metadata"))
    part.timestamp = number_field(*metadata, "timestamp");
  return part;
}

TwinChange parse_change(const Json& twin, UpdateOrigin origin) {
  TwinChange change;
  change.expected = part_field(twin, "expected", origin);
  change.actual = part_field(twin, "actual", origin);
  change.expected_version = version_field(twin, "expected_version");
  change.actual_version = version_field(twin, "actual_version");
  if (const Json* optional = field(twin, "optional")) {
    if (!optional->is_boolean()) throw BadInput("\"optional\" is neither true nor false");
    change.optional = optional->get<bool>();
  }
  if (const Json* metadata = object_field(twin, "metadata")) change.type = text_field(*metadata, "type");
  return change;
}

TwinUpdate parse_update_object(const Json& request, const Json& twins, UpdateOrigin origin) {
  TwinUpdate update;
  update.event_id = text_field(request, "event_id");
  number_field(request, "timestamp");
  for (const auto& [name, twin] : twins.items()) {
    if (twin.is_null()) {
      update.twins.emplace_back(name, std::nullopt);
      continue;
    }
    if (!twin.is_object()) throw BadInput("a twin is not an object");
    update.twins.emplace_back(name, parse_change(twin, origin));
  }
  return update;
}

std::optional<std::string> flaw_of(const TwinUpdate& update) {
  const auto bad_value = [](const std::optional<RequestedPart>& part) {
    return part && !part->value.empty() && !is_plain(part->value, kMaxValueBytes);
  };
  for (const auto& [name, change] : update.twins)
    if (!is_plain(name, kMaxKeyBytes)) return not_plain("key", kMaxKeyBytes);
  for (const auto& [name, change] : update.twins) {
    if (change && (bad_value(change->expected) || bad_value(change->actual)))
      return not_plain("value", kMaxValueBytes);
  }
  return std::nullopt;
}

bool is_integer(std::string_view value) {
  if (value.starts_with('+')) value.remove_prefix(1);
  if (value.starts_with('+')) return false;
  return to_number<std::int64_t>(value).has_value();
}

bool is_float(const std::string& value) {
  if (value.empty() || value.front() == ' ') return false;
  char* end = nullptr;
  std::strtod(value.c_str(), &end);
  return end == value.c_str() + value.size();
}

Member parse_member(const Json& given) {
  if (!given.is_object()) throw BadInput("a device of the membership is not an object");
  Member member;
  member.id = text_field(given, "id");
  member.name = text_field(given, "name");
  member.description = text_field(given, "description");
  member.device = given;
  if (const Json* twins = object_field(given, "twin")) {
    member.twins = parse_update_object(Json::object(), *twins, UpdateOrigin::kCloud);
    for (auto& twin : member.device["twin"]) {
      if (!twin.is_object()) continue;
      twin.erase("expected_version");
      twin.erase("actual_version");
    }
  }
  if (const Json* attributes = object_field(given, "attributes")) member.attributes = *attributes;
  return member;
}

std::vector<Member> members(const Json& content, const char* name) {
  std::vector<Member> all;
  const Json* list = field(content, name);
  if (list == nullptr) return all;
  if (!list->is_array()) throw BadInput("\"" + std::string(name) + "\" is not a list");
  for (const Json& each : *list) all.push_back(parse_member(each));
  return all;
}

std::string event_id_of(const Json& request) {
  if (!request.is_object()) throw BadInput("The request is not a JSON object.");
  number_field(request, "timestamp");
  return text_field(request, "event_id");
}

std::vector<std::string_view> split(std::string_view topic) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t slash = topic.find('/', begin);
    parts.push_back(topic.substr(begin, slash == std::string_view::npos ? slash : slash - begin));
    if (slash == std::string_view::npos || parts.size() > 8) return parts;
    begin = slash + 1;
  }
}

/// What a client may ask of a device by the last two levels of a topic; kAgentOnly: nothing.
DeviceTopic::Kind request_kind(std::string_view subject, std::string_view verb) {
  using Kind = DeviceTopic::Kind;
  if (subject == "twin" && verb == "update") return Kind::kTwinUpdate;
  if (subject == "twin" && verb == "get") return Kind::kTwinGet;
  if (subject == "state" && verb == "update") return Kind::kStateUpdate;
  return Kind::kAgentOnly;
}

/// Whether only the agent publishes a topic below `$hw/events/device` (§1.5), with or without a namespace.
bool is_agent_topic(const std::vector<std::string_view>& parts) {
  constexpr std::array<std::string_view, 7> kEndings = {"/twin/update/result",  "/twin/update/document",
                                                        "/twin/update/delta",   "/twin/get/result",
                                                        "/state/update/result", "/updated",
                                                        "/twin/cloud_updated"};
  std::string end;
  for (std::size_t i = parts.size() > 4 ? parts.size() - 4 : 0; i < parts.size(); ++i)
    end.append("/").append(parts[i]);
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view each) { return end.ends_with(each); });
}

std::optional<DeviceTopic> parse_node_topic(const std::vector<std::string_view>& parts) {
  using Kind = DeviceTopic::Kind;
  if (parts.size() < 4 || parts[2] != "membership") return std::nullopt;
  if (parts[3] == "get" && parts.size() == 4) return DeviceTopic{Kind::kMembershipGet, {}};
  const bool ours = parts[3] == "updated" || parts[3] == "get" || parts[3] == "detail";
  return ours ? std::optional(DeviceTopic{Kind::kAgentOnly, {}}) : std::nullopt;
}

}  // namespace

bool is_twin_name(std::string_view name) {
  return is_plain(name, kMaxKeyBytes);
}

Json payload_or_null(std::string_view payload) {
  try {
    return kube::parse_json(payload, "The request", kPayloadLimits);
  } catch (const BadInput&) {
    return Json();
  }
}

std::variant<TwinUpdate, Refusal> parse_twin_update(std::string_view payload, UpdateOrigin origin) {
  return read_twin_update(payload_or_null(payload), origin);
}

std::variant<TwinUpdate, Refusal> read_twin_update(const Json& request, UpdateOrigin origin) {
  const char* unmarshal = origin == UpdateOrigin::kLocal ? kLocalUnmarshal : kCloudUnmarshal;
  if (!request.is_object()) return Refusal{400, unmarshal};
  TwinUpdate update;
  try {
    const Json* twins = object_field(request, "twin");
    if (twins == nullptr) return Refusal{400, kNoTwin};
    update = parse_update_object(request, *twins, origin);
  } catch (const WrongBody& wrong) {
    return Refusal{400, wrong.what()};
  } catch (const BadInput&) {
    return Refusal{400, unmarshal};
  }
  if (auto flaw = flaw_of(update)) return Refusal{400, std::move(*flaw)};
  return update;
}

std::optional<std::string> type_mismatch(std::string_view type, std::string_view value) {
  if (type.empty() || type == kStringType || type == kDeletedType) return std::nullopt;
  if (type == "int" || type == "integer") {
    if (is_integer(value)) return std::nullopt;
    return "the value is not int or integer";
  }
  if (type == "float") {
    if (is_float(std::string(value))) return std::nullopt;
    return "the value is not float";
  }
  if (type == "boolean") {
    if (value == "true" || value == "false") return std::nullopt;
    return "the bool value must be true or false";
  }
  return std::nullopt;
}

std::string known_type(std::string_view type) {
  constexpr std::array<std::string_view, 6> kKnown = {"string", "int",     "integer",
                                                      "float",  "boolean", "deleted"};
  const bool is_known = std::find(kKnown.begin(), kKnown.end(), type) != kKnown.end();
  return std::string(is_known ? type : kStringType);
}

Outcome<std::string> parse_event_id(std::string_view payload) {
  try {
    return event_id_of(kube::parse_json(payload, "The request", kPayloadLimits));
  } catch (const BadInput& wrong) {
    return Failure::of(wrong);
  }
}

std::string event_id_or_empty(const Json& request) {
  try {
    return event_id_of(request);
  } catch (const BadInput&) {
    return {};
  }
}

bool is_known_state(std::string_view state) {
  constexpr std::array<std::string_view, 6> kKnown = {"online",  "offline",      "ok",
                                                      "unknown", "disconnected", "unhealthy"};
  return std::any_of(kKnown.begin(), kKnown.end(),
                     [&](std::string_view each) { return iequals(each, state); });
}

std::optional<std::string> parse_state(std::string_view payload) {
  try {
    const Json request = kube::parse_json(payload, "The request", kPayloadLimits);
    if (!request.is_object()) return std::nullopt;
    std::string state = text_field(request, "state");
    if (!is_known_state(state)) return std::nullopt;
    return state;
  } catch (const BadInput&) {
    return std::nullopt;
  }
}

Membership parse_membership(const Json& content) {
  if (!content.is_object()) throw BadInput("the content of the membership message is not an object");
  Membership membership;
  membership.complete = field(content, "devices") != nullptr;
  membership.added = members(content, membership.complete ? "devices" : "added_devices");
  if (!membership.complete) membership.removed = members(content, "removed_devices");
  return membership;
}

std::optional<std::string> device_id(std::string_view name_space, std::string_view name) {
  const auto fits = [](std::string_view part) {
    return !part.empty() && part.size() <= kMaxDeviceIdPart &&
           part.find_first_of("/+#") == std::string_view::npos &&
           std::all_of(part.begin(), part.end(), [](unsigned char c) { return c > 0x20 && c != 0x7f; });
  };
  if (!fits(name_space) || !fits(name)) return std::nullopt;
  return std::string(name_space) + "/" + std::string(name);
}

std::optional<DeviceTopic> parse_topic(std::string_view topic) {
  using Kind = DeviceTopic::Kind;
  constexpr std::string_view kRoot = "$hw/events/";
  if (!topic.starts_with(kRoot)) return std::nullopt;
  const auto parts = split(topic.substr(kRoot.size()));
  if (parts[0] == "node") return parse_node_topic(parts);
  if (parts[0] != "device") return std::nullopt;
  // A request ends with two words, so the number of levels tells whether a namespace stands before the name.
  const std::size_t words = parts.size();
  if (words == 5 || words == 4) {
    const Kind kind = request_kind(parts[words - 2], parts[words - 1]);
    auto id = device_id(words == 5 ? parts[1] : kDefaultNamespace, parts[words - 3]);
    if (id && kind != Kind::kAgentOnly)
      return DeviceTopic{kind, std::move(*id), words == 5 ? TopicShape::kNamespaced : TopicShape::kShort};
  }
  if (is_agent_topic(parts)) return DeviceTopic{Kind::kAgentOnly, {}, TopicShape::kNamespaced};
  return std::nullopt;
}

}  // namespace edgecore::devicetwin
