// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/twin/texts.hpp"

#include "edgecore/base/uuid.hpp"

namespace edgecore::devicetwin {
namespace {

enum class Versions { kLeftOut, kShown };

Json base(std::string_view event_id, std::int64_t now_ms) {
  Json text = Json::object();
  text["event_id"] = event_id;
  text["timestamp"] = now_ms;
  return text;
}

Json part_json(const TwinPart& part) {
  Json shown = Json::object();
  shown["value"] = part.value;
  if (part.timestamp != 0) shown["metadata"]["timestamp"] = part.timestamp;
  return shown;
}

Json version_json(const TwinVersion& version) {
  Json shown = Json::object();
  shown["cloud"] = version.cloud;
  shown["edge"] = version.edge;
  return shown;
}

Json twin_json(const Twin& twin, ChangedParts parts, Versions versions) {
  Json shown = Json::object();
  if (twin.deleted()) {
    shown["expected"] = Json::object();
    shown["actual"] = Json::object();
  } else {
    // The cloud has to hear of a value that was taken out, or it would show the old one for ever.
    const bool taken_out = versions == Versions::kShown && twin.expected.version.has_value();
    if (parts.expected && (taken_out || !twin.expected.value.empty()))
      shown["expected"] = part_json(twin.expected);
    if (parts.actual && !twin.actual.value.empty()) shown["actual"] = part_json(twin.actual);
  }
  shown["optional"] = twin.optional;
  shown["metadata"]["type"] = twin.type;
  if (versions == Versions::kLeftOut) return shown;
  if (parts.expected && twin.expected.version)
    shown["expected_version"] = version_json(*twin.expected.version);
  if (parts.actual && twin.actual.version) shown["actual_version"] = version_json(*twin.actual.version);
  return shown;
}

constexpr ChangedParts kAllParts = {true, true};

/// The twin for local clients; null if it is absent or a tombstone.
Json live_json(const Twin* twin) {
  if (twin == nullptr || twin->deleted()) return Json();
  return twin_json(*twin, kAllParts, Versions::kLeftOut);
}

Json attribute_json(const Attribute& attribute) {
  Json shown = Json::object();
  shown["value"] = attribute.value;
  shown["optional"] = attribute.optional;
  shown["metadata"]["type"] = attribute.type;
  return shown;
}

}  // namespace

bool has_short_topic(std::string_view device_id) {
  return device_id.starts_with(kDefaultNamespace) &&
         device_id.substr(kDefaultNamespace.size()).starts_with('/');
}

std::string device_topic(std::string_view device_id, std::string_view suffix, TopicShape shape) {
  if (shape == TopicShape::kShort) device_id.remove_prefix(device_id.find('/') + 1);
  std::string topic = "$hw/events/device/";
  topic.append(device_id).append("/").append(suffix);
  return topic;
}

std::string node_topic(std::string_view node_name, std::string_view suffix) {
  std::string topic = "$hw/events/node/";
  topic.append(node_name).append("/").append(suffix);
  return topic;
}

std::string refusal_text(std::string_view event_id, std::int64_t now_ms, const Refusal& refusal) {
  Json text = base(event_id, now_ms);
  text["code"] = refusal.code;
  if (!refusal.reason.empty()) text["reason"] = refusal.reason;
  return kube::dump_json(text);
}

std::string result_text(std::string_view event_id, std::int64_t now_ms, const TwinChanges& changes) {
  Json text = base(event_id, now_ms);
  Json& twins = text["twin"] = Json::object();
  for (const ChangedTwin& changed : changes.twins) {
    twins[changed.name] =
        changed.deleted
            ? Json()
            : twin_json(changed.after, changed.added ? kAllParts : changed.parts, Versions::kLeftOut);
  }
  return kube::dump_json(text);
}

std::string document_text(std::string_view event_id, std::int64_t now_ms, const Device& before,
                          const TwinChanges& changes) {
  Json text = base(event_id, now_ms);
  Json& twins = text["twin"] = Json::object();
  for (const ChangedTwin& changed : changes.twins) {
    const auto last = before.twins.find(changed.name);
    Json& twin = twins[changed.name];
    twin["last"] = live_json(last == before.twins.end() ? nullptr : &last->second);
    twin["current"] = live_json(&changed.after);
  }
  return kube::dump_json(text);
}

std::string delta_text(const Device& device, std::int64_t now_ms) {
  Json delta = Json::object();
  for (const auto& [name, twin] : device.twins) {
    if (!twin.deleted() && !twin.expected.value.empty() && twin.expected.value != twin.actual.value)
      delta[name] = twin.expected.value;
  }
  if (delta.empty()) return {};
  Json text = base(uuid_v4(), now_ms);
  text["delta"] = std::move(delta);
  Json& twins = text["twin"] = Json::object();
  for (const auto& [name, twin] : device.twins) {
    if (!twin.deleted() && !twin.expected.value.empty()) twins[name] = live_json(&twin);
  }
  return kube::dump_json(text);
}

std::string twins_text(std::string_view event_id, std::int64_t now_ms, const Device& device) {
  Json text = base(event_id, now_ms);
  Json& twins = text["twin"] = Json::object();
  for (const auto& [name, twin] : device.twins)
    if (!twin.deleted()) twins[name] = live_json(&twin);
  return kube::dump_json(text);
}

std::string state_text(const Device& device, std::int64_t now_ms) {
  Json text = base(uuid_v4(), now_ms);
  Json& shown = text["device"];
  shown["name"] = device.name;
  shown["state"] = device.state;
  shown["last_online"] = device.last_online;
  shown["lastOnlineTime"] = device.last_online;
  return kube::dump_json(text);
}

std::string attributes_text(std::int64_t now_ms, const ByName<Attribute>& before,
                            const ByName<Attribute>& after) {
  Json text = base(uuid_v4(), now_ms);
  Json& shown = text["attributes"] = Json::object();
  for (const auto& [name, attribute] : after) {
    const auto old = before.find(name);
    if (old == before.end() || !(old->second == attribute)) shown[name] = attribute_json(attribute);
  }
  for (const auto& [name, attribute] : before)
    if (!after.contains(name)) shown[name] = nullptr;
  return kube::dump_json(text);
}

std::string membership_text(std::int64_t now_ms, const Json& device, bool added) {
  Json text = base(uuid_v4(), now_ms);
  text["added_devices"] = added ? Json::array({device}) : Json();
  text["removed_devices"] = added ? Json() : Json::array({device});
  return kube::dump_json(text);
}

Json member_json(const Device& device) {
  Json member = Json::object();
  member["id"] = device.id;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) member[name] = value;
  };
  add("name", device.name);
  add("description", device.description);
  add("state", device.state);
  add("last_online", device.last_online);
  if (device.attributes.empty()) return member;
  Json& attributes = member["attributes"];
  for (const auto& [name, attribute] : device.attributes) attributes[name] = attribute_json(attribute);
  return member;
}

std::string members_text(std::string_view event_id, std::int64_t now_ms, const ByName<Device>& devices) {
  Json text = base(event_id, now_ms);
  Json& list = text["devices"] = Json::array();
  for (const auto& [id, device] : devices) list.push_back(member_json(device));
  return kube::dump_json(text);
}

Json report_content(const Device& device, const std::vector<std::string>& twins, std::int64_t now_ms) {
  Json content = base(uuid_v4(), now_ms);
  Json& shown = content["twin"] = Json::object();
  for (const std::string& name : twins) {
    const auto twin = device.twins.find(name);
    if (twin != device.twins.end()) shown[name] = twin_json(twin->second, kAllParts, Versions::kShown);
  }
  return content;
}

std::string membership_detail_text(std::string_view node_name, std::int64_t now_ms) {
  Json text = base(uuid_v4(), now_ms);
  text["event_type"] = "group_membership_event";
  text["group_id"] = node_name;
  text["operation"] = "detail";
  return kube::dump_json(text);
}

}  // namespace edgecore::devicetwin
