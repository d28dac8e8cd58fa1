// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/twin/rows.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edgecore/kube/json.hpp"

namespace edgecore::devicetwin {
namespace {

namespace rows = store::devices;

std::string meta_text(const TwinPart& part) {
  return part.timestamp == 0 ? std::string() : fmt::format(R"({{"timestamp":{}}})", part.timestamp);
}

std::string version_text(const TwinPart& part) {
  if (!part.version) return {};
  return fmt::format(R"({{"cloud":{},"edge":{}}})", part.version->cloud, part.version->edge);
}

/// The metadata column, which is empty in v1.17; the Go agent ignores what this agent adds.
std::string metadata_text(const Twin& twin) {
  if (!twin.desired) return "{}";
  return kube::dump_json(Json{{"desired", *twin.desired}});
}

Json read(const std::string& text) {
  Json value = kube::stored_json(text);
  return value.is_object() ? value : Json::object();
}

TwinPart part_of(const std::string& value, const std::string& meta, const std::string& version) {
  TwinPart part;
  part.value = value;
  if (!meta.empty()) part.timestamp = kube::int_or(read(meta), "timestamp", 0);
  if (version.empty()) return part;
  const Json numbers = read(version);
  const auto count = [&](const char* side) {
    return std::clamp<std::int64_t>(kube::int_or(numbers, side, 0), 0, kMaxVersion);
  };
  part.version = TwinVersion{count("cloud"), count("edge")};
  return part;
}

Twin twin_of(const rows::Twin& row) {
  Twin twin;
  twin.expected = part_of(row.expected, row.expected_meta, row.expected_version);
  twin.actual = part_of(row.actual, row.actual_meta, row.actual_version);
  twin.optional = row.optional;
  twin.type = row.attr_type.empty() ? std::string(kStringType) : row.attr_type;
  if (row.metadata.size() > 2) {
    const Json metadata = read(row.metadata);
    if (const Json* desired = kube::find_path(metadata, "desired");
        desired != nullptr && desired->is_string())
      twin.desired = desired->get<std::string>();
  }
  return twin;
}

}  // namespace

rows::Device device_row(const Device& device) {
  return {device.id, device.name, device.description, device.state, device.last_online};
}

rows::Twin twin_row(const std::string& device_id, const std::string& name, const Twin& twin) {
  rows::Twin row;
  row.device_id = device_id;
  row.name = name;
  row.expected = twin.expected.value;
  row.actual = twin.actual.value;
  row.expected_meta = meta_text(twin.expected);
  row.actual_meta = meta_text(twin.actual);
  row.expected_version = version_text(twin.expected);
  row.actual_version = version_text(twin.actual);
  row.optional = twin.optional;
  row.attr_type = twin.type;
  row.metadata = metadata_text(twin);
  return row;
}

rows::Attribute attribute_row(const std::string& device_id, const std::string& name,
                              const Attribute& attribute) {
  rows::Attribute row;
  row.device_id = device_id;
  row.name = name;
  row.value = attribute.value;
  row.optional = attribute.optional;
  row.attr_type = attribute.type;
  row.metadata = "{}";
  return row;
}

ByName<Device> load_devices(const store::Source& from) {
  ByName<Device> devices;
  for (rows::Device& row : rows::list(from)) {
    Device device;
    device.id = row.id;
    device.name = std::move(row.name);
    device.description = std::move(row.description);
    device.state = std::move(row.state);
    device.last_online = std::move(row.last_online);
    devices.emplace(std::move(row.id), std::move(device));
  }
  // If there are two rows of a property, the one written last wins, as in the Go agent.
  for (const rows::Twin& row : rows::twins(from)) {
    const auto device = devices.find(row.device_id);
    if (device != devices.end()) device->second.twins[row.name] = twin_of(row);
  }
  for (const rows::Attribute& row : rows::attributes(from)) {
    const auto device = devices.find(row.device_id);
    if (device == devices.end()) continue;
    const std::string type = row.attr_type.empty() ? std::string(kStringType) : row.attr_type;
    device->second.attributes[row.name] = Attribute{row.value, row.optional, type};
  }
  return devices;
}

}  // namespace edgecore::devicetwin
