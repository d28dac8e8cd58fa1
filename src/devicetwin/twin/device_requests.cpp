// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/twin/device_requests.hpp"

#include <set>
#include <utility>

#include "devicetwin/twin/texts.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::devicetwin {
namespace {

constexpr const char* kUpdateResult = "twin/update/result";
constexpr const char* kNotExisting = "update rejected due to the device is not existed";

/// The name in `<namespace>/<name>`.
std::string name_of(const std::string& id) {
  return id.substr(id.find('/') + 1);
}

}  // namespace

void DeviceRequests::publish(std::string topic, std::string payload) {
  parts_.effects.bytes += topic.size() + payload.size();
  parts_.effects.publications.push_back({std::move(topic), std::move(payload), false, {}});
}

void DeviceRequests::answer(std::string topic, std::string payload, std::string event_id) {
  parts_.effects.bytes += topic.size() + payload.size();
  parts_.effects.publications.push_back({std::move(topic), std::move(payload), true, std::move(event_id)});
}

void DeviceRequests::announce(const std::string& device, std::string_view suffix, const std::string& payload,
                              Author author) {
  publish(device_topic(device, suffix), payload);
  const bool may_listen = author == Author::kCloud && has_short_topic(device);
  if (may_listen || short_clients_.contains(device))
    publish(device_topic(device, suffix, TopicShape::kShort), payload);
}

void DeviceRequests::refuse(const Address& to, std::string_view suffix, const std::string& event_id,
                            const Refusal& refusal) {
  answer(device_topic(to.device, suffix, to.shape), refusal_text(event_id, now(), refusal), event_id);
}

void DeviceRequests::ignore(std::string_view topic, const char* why) {
  if (!strange_topics_.now()) return;
  parts_.log->warn("ignoring a message of topic {} ({} such messages so far): {}", log::quote(topic),
                   strange_topics_.count(), why);
}

void DeviceRequests::on_topic(std::string_view topic, std::string_view payload) {
  const auto parsed = parse_topic(topic);
  if (!parsed) return ignore(topic, "unknown request");
  const Address asked{parsed->device, parsed->shape};
  if (asked.shape == TopicShape::kShort && parts_.table.find(asked.device) != nullptr)
    short_clients_.insert(asked.device);
  switch (parsed->kind) {
    case DeviceTopic::Kind::kMembershipGet:
      return on_membership_get(payload);
    case DeviceTopic::Kind::kTwinUpdate:
      return on_local_update(asked, payload);
    case DeviceTopic::Kind::kTwinGet:
      return on_twin_get(asked, payload);
    case DeviceTopic::Kind::kStateUpdate:
      return on_state_update(asked.device, payload);
    case DeviceTopic::Kind::kAgentOnly:
      return ignore(topic, "only the agent and the cloud use this topic");
  }
}

void DeviceRequests::on_membership_get(std::string_view payload) {
  const std::string topic = node_topic(parts_.node_name, "membership/get/result");
  const Outcome<std::string> id = parse_event_id(payload);
  if (!id) {
    const Refusal refusal{400, "Unmarshal get membership info " + log::quote(payload, 512) +
                                   " failed , err: " + id.failure().message()};
    return answer(topic, refusal_text("", now(), refusal), "");
  }
  answer(topic, members_text(*id, now(), parts_.table.all()), *id);
}

void DeviceRequests::on_twin_get(const Address& asked, std::string_view payload) {
  constexpr const char* kSuffix = "twin/get/result";
  const Outcome<std::string> id = parse_event_id(payload);
  if (!id) {
    return refuse(asked, kSuffix, "",
                  {400, "Unmarshal twin info " + log::quote(payload, 512) +
                            " failed , err: " + id.failure().message()});
  }
  const Device* found = parts_.table.find(asked.device);
  if (found == nullptr)
    return refuse(asked, kSuffix, *id, {404, "Device " + asked.device + " not found while getting twin"});
  answer(device_topic(asked.device, kSuffix, asked.shape), twins_text(*id, now(), *found), *id);
}

void DeviceRequests::on_local_update(const Address& asked, std::string_view payload) {
  const Json body = payload_or_null(payload);
  const auto parsed = read_twin_update(body, UpdateOrigin::kLocal);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    // The Go agent's answer has no device in its topic, but clients listen on the device's topic: send both.
    refuse({}, kUpdateResult, "", *refusal);
    return refuse(asked, kUpdateResult, event_id_or_empty(body), *refusal);
  }
  const TwinUpdate& request = std::get<TwinUpdate>(parsed);
  if (const auto refusal = update(asked, request)) {
    refuse(asked, kUpdateResult, request.event_id, *refusal);
  } else {
    publish_delta(asked.device, Author::kNode);
  }
}

std::optional<Refusal> DeviceRequests::limit(const Device& device, const TwinChanges& changes) {
  const auto weight = [](const Twin& twin) { return twin.expected.value.size() + twin.actual.value.size(); };
  std::size_t before = 0;
  for (const auto& [name, twin] : device.twins) before += weight(twin);
  std::size_t after = before;
  std::size_t count = device.twins.size();
  for (const ChangedTwin& changed : changes.twins) {
    const auto old = device.twins.find(changed.name);
    if (old == device.twins.end()) {
      ++count;
    } else {
      after -= weight(old->second);
    }
    after += weight(changed.after);
  }
  // A request that does not grow an oversized device is accepted.
  if (count > kMaxTwins && count > device.twins.size())
    return Refusal{400, "the device has " + std::to_string(device.twins.size()) + " twins, but at most " +
                            std::to_string(kMaxTwins) + " are allowed"};
  if (after > kMaxDeviceBytes && after > before)
    return Refusal{400, "the values of the device would have " + std::to_string(after) +
                            " bytes together, but at most " + std::to_string(kMaxDeviceBytes) +
                            " are allowed"};
  return std::nullopt;
}

std::optional<Refusal> DeviceRequests::update(const Address& asked, const TwinUpdate& request) {
  const std::string& device = asked.device;
  const Device* found = parts_.table.find(device);
  if (found == nullptr) return Refusal{404, kNotExisting};
  const TwinChanges changes = plan_local_update(*found, request, now());
  if (changes.refusal) return changes.refusal;
  if (auto refusal = limit(*found, changes)) return refusal;
  answer(device_topic(device, kUpdateResult, asked.shape), result_text(request.event_id, now(), changes),
         request.event_id);
  take_changes(device, request.event_id, changes, Author::kNode);
  if (changes.twins.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const ChangedTwin& changed : changes.twins) names.push_back(changed.name);
  parts_.effects.changes.emplace_back(device, std::move(names));
  return std::nullopt;
}

void DeviceRequests::take_changes(const std::string& device, const std::string& event_id,
                                  const TwinChanges& changes, Author author) {
  if (!changes.twins.empty()) {
    announce(device, "twin/update/document",
             document_text(event_id, now(), *parts_.table.find(device), changes), author);
  }
  for (const ChangedTwin& changed : changes.twins) parts_.table.set_twin(device, changed.name, changed.after);
}

void DeviceRequests::publish_delta(const std::string& device, Author author) {
  if (const std::string delta = delta_text(*parts_.table.find(device), now()); !delta.empty())
    announce(device, "twin/update/delta", delta, author);
}

void DeviceRequests::on_cloud_update(const std::string& device, const Json& body) {
  const Address to{device};
  const auto parsed = read_twin_update(body, UpdateOrigin::kCloud);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    refuse({}, kUpdateResult, "", *refusal);
    return refuse(to, kUpdateResult, event_id_or_empty(body), *refusal);
  }
  const TwinUpdate& request = std::get<TwinUpdate>(parsed);
  const Device* found = parts_.table.find(device);
  if (found == nullptr) return refuse(to, kUpdateResult, request.event_id, {404, kNotExisting});
  const TwinChanges changes = plan_cloud_update(*found, request, now());
  if (changes.refusal) return refuse(to, kUpdateResult, request.event_id, *changes.refusal);
  if (const auto refusal = limit(*found, changes))
    return refuse(to, kUpdateResult, request.event_id, *refusal);
  take_changes(device, request.event_id, changes, Author::kCloud);
  publish_delta(device, Author::kCloud);
  if (!changes.refused.empty()) parts_.effects.changes.emplace_back(device, changes.refused);
}

void DeviceRequests::on_desired(const std::string& device, const ByName<std::string>& desired) {
  if (const Device* found = parts_.table.find(device))
    take_from_cloud(device, plan_desired(*found, desired, now()));
}

void DeviceRequests::on_withdrawn(const std::string& device, const ByName<std::string>& withdrawn) {
  if (const Device* found = parts_.table.find(device))
    take_from_cloud(device, plan_withdrawn(*found, withdrawn, now()));
}

void DeviceRequests::take_from_cloud(const std::string& device, const TwinChanges& changes) {
  if (changes.twins.empty()) return;
  if (const auto refusal = limit(*parts_.table.find(device), changes)) {
    parts_.log->warn("cannot apply the desired values of device {}: {}", log::quote(device), refusal->reason);
    return;
  }
  take_changes(device, uuid_v4(), changes, Author::kCloud);
  publish_delta(device, Author::kCloud);
  // The cloud knows a desired value: the next report of the device contains it. What was taken out is
  // reported at once, or the Device's status would show the old observedDesired until then.
  std::vector<std::string> cleared;
  for (const ChangedTwin& changed : changes.twins)
    if (changed.parts.expected && changed.after.expected.value.empty()) cleared.push_back(changed.name);
  if (!cleared.empty()) parts_.effects.changes.emplace_back(device, std::move(cleared));
}

void DeviceRequests::on_state_update(const std::string& device, std::string_view payload) {
  auto state = parse_state(payload);
  if (!state || parts_.table.find(device) == nullptr) {
    parts_.log->debug("ignoring a state of device {}: unknown device or state", log::quote(device));
    return;
  }
  set_state(device, std::move(*state));
}

void DeviceRequests::set_state(const std::string& device, std::string state) {
  parts_.table.set_state(device, std::move(state), kube::format_time(parts_.clock.wall()));
  const std::string text = state_text(*parts_.table.find(device), now());
  announce(device, "state/update/result", text);
  parts_.effects.states.insert(device);
}

void DeviceRequests::on_membership(const Json& content) {
  const Membership membership = parse_membership(content);
  std::set<std::string> listed;
  for (const Member& member : membership.added) {
    listed.insert(member.id);
    add_member(member);
  }
  for (const Member& member : membership.removed) remove_member(member);
  if (!membership.complete) return;
  std::vector<std::string> gone;
  for (const auto& [id, device] : parts_.table.all())
    if (!listed.contains(id)) gone.push_back(id);
  for (const std::string& id : gone) forget(id);
}

void DeviceRequests::add_member(const Member& member) {
  const std::size_t slash = member.id.find('/');
  const bool fits = slash != std::string::npos &&
                    device_id(member.id.substr(0, slash), member.id.substr(slash + 1)).has_value();
  if (!fits) {
    parts_.log->warn("ignoring a device of the membership message, invalid id: {}", log::quote(member.id));
    return;
  }
  const bool known = parts_.table.find(member.id) != nullptr;
  if (!known) {
    Device device;
    device.id = member.id;
    device.name = member.name.empty() ? name_of(member.id) : member.name;
    device.description = member.description;
    parts_.table.add(std::move(device));
    publish(node_topic(parts_.node_name, "membership/updated"), membership_text(now(), member.device, true));
  }
  if (member.attributes) {
    const Device& device = *parts_.table.find(member.id);
    const ByName<Attribute> before = device.attributes;
    parts_.table.set_attributes(member.id, plan_attributes(device, *member.attributes, true));
    announce(member.id, "updated", attributes_text(now(), before, parts_.table.find(member.id)->attributes));
  }
  if (!member.twins) return;
  const TwinChanges changes = plan_cloud_update(*parts_.table.find(member.id), *member.twins, now());
  if (changes.refusal || limit(*parts_.table.find(member.id), changes)) return;
  take_changes(member.id, uuid_v4(), changes, Author::kCloud);
  publish_delta(member.id, Author::kCloud);
}

void DeviceRequests::remove_member(const Member& member) {
  if (parts_.table.find(member.id) == nullptr) {
    parts_.log->debug("device {} is gone already", log::quote(member.id));
    return;
  }
  forget(member.id);
}

void DeviceRequests::make_known(const std::string& device, std::string_view description) {
  if (parts_.table.find(device) != nullptr) return;
  Device made;
  made.id = device;
  made.name = name_of(device);
  made.description = description;
  const Json shown = member_json(made);
  parts_.table.add(std::move(made));
  publish(node_topic(parts_.node_name, "membership/updated"), membership_text(now(), shown, true));
}

void DeviceRequests::forget(const std::string& device) {
  const Device* found = parts_.table.find(device);
  if (found == nullptr) return;
  Json shown = Json::object();
  shown["id"] = found->id;
  shown["name"] = found->name;
  parts_.table.remove(device);
  short_clients_.erase(device);
  parts_.effects.forgotten.insert(device);
  publish(node_topic(parts_.node_name, "membership/updated"), membership_text(now(), shown, false));
}

void DeviceRequests::on_attributes(const std::string& device, const Json& content) {
  const Device* found = parts_.table.find(device);
  if (found == nullptr) {
    parts_.log->debug("ignoring attributes of unknown device {}", log::quote(device));
    return;
  }
  const ByName<Attribute> before = found->attributes;
  ByName<Attribute> after = plan_attributes(*found, kube::object_or_empty(content, "attributes"), false);
  if (after == before) return;
  parts_.table.set_attributes(device, std::move(after));
  announce(device, "updated", attributes_text(now(), before, parts_.table.find(device)->attributes));
}

DmiStatus DeviceRequests::report_twin(const std::string& device, const ReportedTwin& twin) {
  using Code = DmiStatus::Code;
  if (!is_twin_name(twin.property))
    return {Code::kInvalidArgument, "the property name " + log::quote(twin.property) + " is not allowed"};
  TwinChange change;
  for (const auto& [given, part] :
       {std::pair(&twin.observed_desired, &change.expected), std::pair(&twin.reported, &change.actual)}) {
    if (!*given) continue;
    if ((*given)->size() > kMaxDmiValueBytes)
      return {Code::kInvalidArgument, "a value of property " + log::quote(twin.property) + " has " +
                                          std::to_string((*given)->size()) + " bytes, but at most " +
                                          std::to_string(kMaxDmiValueBytes) + " are kept"};
    part->emplace();
    (*part)->value = **given;
  }
  TwinUpdate request;
  request.twins.emplace_back(twin.property, std::move(change));
  if (const auto refusal = update({device}, request)) {
    refuse({device}, kUpdateResult, "", *refusal);
    return {Code::kInvalidArgument, "property " + log::quote(twin.property) + ": " + refusal->reason};
  }
  return {};
}

DmiStatus DeviceRequests::on_status_report(const DmiRequest& request) {
  using Code = DmiStatus::Code;
  if (request.twins.empty()) return {Code::kUnknown, "ReportDeviceStatusRequest does not have twin data"};
  const auto device = device_id(request.device_namespace, request.device_name);
  if (!device) return {Code::kInvalidArgument, "the report has no valid device name"};
  if (parts_.table.find(*device) == nullptr) {
    refuse({*device}, kUpdateResult, "", {404, kNotExisting});
    return {Code::kNotFound, "device " + *device + " is not known on this node"};
  }
  DmiStatus status;
  for (const ReportedTwin& twin : request.twins) {
    DmiStatus each = report_twin(*device, twin);
    if (status.ok()) status = std::move(each);
  }
  publish_delta(*device, Author::kNode);  // one for all twins of the report
  return status;
}

DmiStatus DeviceRequests::on_state_report(const DmiRequest& request) {
  using Code = DmiStatus::Code;
  const auto device = device_id(request.device_namespace, request.device_name);
  if (!device || request.state.empty()) return {Code::kUnknown, "ReportDeviceStatesRequest is invalid data"};
  if (!is_known_state(request.state))
    return {Code::kInvalidArgument, "the state " + log::quote(request.state) + " is unknown"};
  if (parts_.table.find(*device) == nullptr)
    return {Code::kNotFound, "device " + *device + " is not known on this node"};
  set_state(*device, request.state);
  return {};
}

}  // namespace edgecore::devicetwin
