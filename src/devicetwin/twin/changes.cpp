// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/twin/changes.hpp"

#include <algorithm>

#include "edgecore/base/error.hpp"

namespace edgecore::devicetwin {
namespace {

const Twin* find_twin(const Device& device, const std::string& name) {
  const auto found = device.twins.find(name);
  return found == device.twins.end() ? nullptr : &found->second;
}

/// Counts one change more. A version may come from outside, or from a damaged row: it never overflows.
void count_up(std::int64_t& version) {
  version = version < kMaxVersion ? version + 1 : kMaxVersion;
}

/// Sets the value of a part on this node.
void set_here(TwinPart& part, const std::string& value, std::int64_t now_ms) {
  part.value = value;
  part.timestamp = now_ms;
  if (!part.version) part.version = TwinVersion{};
  count_up(part.version->edge);
}

TwinChanges refuse(std::string why) {
  TwinChanges changes;
  changes.refusal = Refusal{400, std::move(why)};
  return changes;
}

ChangedTwin tombstone_of(const std::string& name, const Twin& twin) {
  ChangedTwin changed;
  changed.name = name;
  changed.after = twin;
  changed.deleted = true;
  for (TwinPart* part : {&changed.after.expected, &changed.after.actual}) {
    part->value.clear();
    part->timestamp = 0;
    if (part->version) count_up(part->version->edge);
  }
  changed.after.type = kDeletedType;
  return changed;
}

/// Adds a twin. If it replaces a tombstone, it continues the tombstone's versions.
std::optional<std::string> add_here(ChangedTwin& changed, const TwinChange& change, const Twin* tombstone,
                                    std::int64_t now_ms) {
  Twin& twin = changed.after;
  if (tombstone != nullptr) {
    twin.expected.version = tombstone->expected.version;
    twin.actual.version = tombstone->actual.version;
    twin.desired = tombstone->desired;  // keeps the desired value: whoever deleted the twin knew it
  }
  changed.added = true;
  twin.type = known_type(change.type.value_or(""));
  twin.optional = change.optional.value_or(true);
  for (const auto& [asked, part, touched] :
       {std::tuple(&change.expected, &twin.expected, &changed.parts.expected),
        std::tuple(&change.actual, &twin.actual, &changed.parts.actual)}) {
    if (!*asked) continue;
    if (auto why = type_mismatch(twin.type, (*asked)->value)) return why;
    set_here(*part, (*asked)->value, now_ms);
    *touched = true;
  }
  return std::nullopt;
}

std::optional<std::string> change_here(ChangedTwin& changed, const TwinChange& change, std::int64_t now_ms) {
  Twin& twin = changed.after;
  if (change.expected) {
    // The first value has no old one to compare with: accept it.
    if (!twin.expected.value.empty()) {
      if (auto why = type_mismatch(twin.type, change.expected->value)) return why;
    }
    set_here(twin.expected, change.expected->value, now_ms);
    changed.parts.expected = true;
  }
  if (change.actual) {
    if (auto why = type_mismatch(twin.type, change.actual->value)) return why;
    set_here(twin.actual, change.actual->value, now_ms);
    changed.parts.actual = true;
  }
  if (change.optional && !*change.optional) twin.optional = false;
  return std::nullopt;
}

/// The sync's version, if it may replace the stored one.
bool takes(const TwinPart& stored, const std::optional<TwinVersion>& version) {
  if (!version) return false;
  if (!stored.version) return true;
  return stored.version->cloud <= version->cloud && stored.version->edge <= version->edge;
}

void set_by_cloud(TwinPart& part, const RequestedPart& asked, const TwinVersion& version,
                  std::int64_t now_ms) {
  part.value = asked.value;
  part.timestamp = asked.timestamp.value_or(now_ms);
  part.version = version;
}

/// Sets an expected value, or none, for the cluster's Device.
void set_expected(TwinPart& expected, const std::string& value, std::int64_t now_ms) {
  expected.value = value;
  expected.timestamp = now_ms;
  if (!expected.version) expected.version = TwinVersion{};
  count_up(expected.version->cloud);
}

/// The twin after its desired value was taken out of the Device. An expected value that was set on the node
/// since then stays: it is not the Device's.
ChangedTwin without_desired(const std::string& name, const Twin& twin, std::int64_t now_ms) {
  ChangedTwin changed;
  changed.name = name;
  changed.after = twin;
  changed.after.desired.reset();
  if (!twin.deleted() && !twin.expected.value.empty() && twin.expected.value == twin.desired) {
    set_expected(changed.after.expected, "", now_ms);
    changed.parts.expected = true;
  }
  return changed;
}

/// Whether the cloud may delete a property: it needs a version only if there is one to compare with.
bool cloud_may_delete(const Twin& twin, const TwinChange& change) {
  const bool expected = !change.expected_version || takes(twin.expected, change.expected_version);
  const bool actual = !change.actual_version || takes(twin.actual, change.actual_version);
  return expected && actual;
}

/// False if nothing was taken. Sets `refused` if a part was not.
bool sync_twin(ChangedTwin& changed, const TwinChange& change, std::int64_t now_ms, bool& refused) {
  Twin& twin = changed.after;
  bool taken = false;
  if (change.expected) {
    if (!takes(twin.expected, change.expected_version) || type_mismatch(twin.type, change.expected->value)) {
      refused = true;  // the rest of the request is ignored
      return false;
    }
    set_by_cloud(twin.expected, *change.expected, *change.expected_version, now_ms);
    taken = changed.parts.expected = true;
  }
  if (change.actual) {
    if (!takes(twin.actual, change.actual_version) || type_mismatch(twin.type, change.actual->value)) {
      refused = true;
      return taken;
    }
    set_by_cloud(twin.actual, *change.actual, *change.actual_version, now_ms);
    taken = changed.parts.actual = true;
  }
  if (change.optional && *change.optional != twin.optional) {
    twin.optional = *change.optional;
    taken = true;
  }
  return taken;
}

}  // namespace

TwinChanges plan_local_update(const Device& device, const TwinUpdate& update, std::int64_t now_ms) {
  TwinChanges changes;
  for (const auto& [name, change] : update.twins) {
    const Twin* stored = find_twin(device, name);
    if (!change) {
      if (stored != nullptr && stored->optional && !stored->deleted())
        changes.twins.push_back(tombstone_of(name, *stored));
      continue;
    }
    ChangedTwin changed;
    changed.name = name;
    std::optional<std::string> why;
    if (stored == nullptr || stored->deleted()) {
      why = add_here(changed, *change, stored, now_ms);
    } else {
      changed.after = *stored;
      why = change_here(changed, *change, now_ms);
    }
    if (why) return refuse(std::move(*why));
    const bool touched =
        changed.added || changed.parts.expected || changed.parts.actual || !(changed.after == *stored);
    if (touched) changes.twins.push_back(std::move(changed));
  }
  return changes;
}

TwinChanges plan_cloud_update(const Device& device, const TwinUpdate& update, std::int64_t now_ms) {
  TwinChanges changes;
  for (const auto& [name, change] : update.twins) {
    if (!change || !change->type) return refuse("the request body is wrong");
  }
  for (const auto& [name, change] : update.twins) {
    const Twin* stored = find_twin(device, name);
    const bool known = stored != nullptr && !stored->deleted();
    ChangedTwin changed;
    changed.name = name;
    if (stored != nullptr) changed.after = *stored;
    if (*change->type == kDeletedType) {
      if (!known) continue;
      if (!cloud_may_delete(*stored, *change)) {
        changes.refused.push_back(name);
        continue;
      }
      changed = tombstone_of(name, *stored);
      if (change->expected_version) changed.after.expected.version = change->expected_version;
      if (change->actual_version) changed.after.actual.version = change->actual_version;
      changes.twins.push_back(std::move(changed));
      continue;
    }
    if (!known) {
      changed.after.type = known_type(*change->type);
      changed.after.optional = change->optional.value_or(true);
      changed.added = true;
    }
    bool refused = false;
    const bool taken = sync_twin(changed, *change, now_ms, refused);
    if (refused && known) changes.refused.push_back(name);
    if (taken) changes.twins.push_back(std::move(changed));
  }
  return changes;
}

TwinChanges plan_desired(const Device& device, const ByName<std::string>& desired, std::int64_t now_ms) {
  TwinChanges changes;
  const auto wanted = [&](const std::string& name) {
    const auto found = desired.find(name);
    return found != desired.end() && !found->second.empty();
  };
  for (const auto& [name, twin] : device.twins)
    if (twin.desired && !wanted(name)) changes.twins.push_back(without_desired(name, twin, now_ms));
  for (const auto& [name, value] : desired) {
    const Twin* stored = find_twin(device, name);
    if (value.empty() || (stored != nullptr && stored->desired == value)) continue;
    ChangedTwin changed;
    changed.name = name;
    if (stored != nullptr) changed.after = *stored;
    changed.added = stored == nullptr || stored->deleted();
    if (changed.added) {
      changed.after.type = kStringType;
      changed.after.optional = true;
    }
    changed.after.desired = value;
    if (changed.after.expected.value != value) {
      set_expected(changed.after.expected, value, now_ms);
      changed.parts.expected = true;
    }
    changes.twins.push_back(std::move(changed));
  }
  return changes;
}

TwinChanges plan_withdrawn(const Device& device, const ByName<std::string>& withdrawn, std::int64_t now_ms) {
  TwinChanges changes;
  for (const auto& [name, value] : withdrawn) {
    const Twin* stored = find_twin(device, name);
    if (stored == nullptr || stored->deleted() || value.empty() || stored->expected.value != value) continue;
    Twin twin = *stored;
    twin.desired = value;
    changes.twins.push_back(without_desired(name, twin, now_ms));
  }
  return changes;
}

ByName<Attribute> plan_attributes(const Device& device, const Json& attributes, bool complete) {
  ByName<Attribute> after = complete ? ByName<Attribute>() : device.attributes;
  for (const auto& [name, given] : attributes.items()) {
    if (given.is_null()) {
      const auto known = after.find(name);
      if (known != after.end() && known->second.optional) after.erase(known);
      continue;
    }
    if (!given.is_object()) throw BadInput("an attribute is not an object");
    const auto before = device.attributes.find(name);
    Attribute attribute = before == device.attributes.end() ? Attribute() : before->second;
    attribute.value = kube::string_or(given, "value");
    attribute.optional = kube::bool_or(given, "optional", attribute.optional);
    attribute.type = kube::string_or(given, "metadata.type", attribute.type);
    after[name] = std::move(attribute);
  }
  return after;
}

}  // namespace edgecore::devicetwin
