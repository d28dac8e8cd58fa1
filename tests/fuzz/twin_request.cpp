// SPDX-License-Identifier: Apache-2.0
// What MQTT clients send about devices. Input: an MQTT topic, a newline, a payload.
#include "devicetwin/twin/changes.hpp"
#include "devicetwin/twin/device_requests.hpp"
#include "devicetwin/twin/texts.hpp"
#include "edgecore/beehive/names.hpp"
#include "input.hpp"

namespace {

using namespace edgecore;
using namespace edgecore::devicetwin;

constexpr std::int64_t kNow = 1'700'000'000'000;

Device device_with_twins() {
  Device device;
  device.id = "default/sensor";
  device.name = "sensor";
  Twin number;
  number.type = "int";
  number.actual = {"5", kNow, TwinVersion{0, 3}};
  number.expected = {"7", kNow, TwinVersion{1, 2}};
  device.twins["number"] = number;
  Twin gone;
  gone.type = kDeletedType;
  gone.actual.version = TwinVersion{0, 9};
  device.twins["gone"] = gone;
  return device;
}

/// Whatever a request does, its texts are JSON and its twins fit their types.
void apply(Device device, const TwinChanges& changes) {
  if (changes.refusal) {
    fuzz::hold(changes.refusal->code >= 400 && changes.twins.empty());
    Json::parse(refusal_text("e", kNow, *changes.refusal));
    return;
  }
  Json::parse(result_text("e", kNow, changes));
  Json::parse(document_text("e", kNow, device, changes));
  std::vector<std::string> names;
  for (const ChangedTwin& changed : changes.twins) {
    fuzz::hold(!type_mismatch(changed.after.type, changed.after.actual.value) || !changed.parts.actual);
    fuzz::hold(changed.deleted == changed.after.deleted() || changed.after.type == kDeletedType);
    device.twins[changed.name] = changed.after;
    names.push_back(changed.name);
  }
  kube::dump_json(report_content(device, names, kNow));
  if (const std::string delta = delta_text(device, kNow); !delta.empty()) Json::parse(delta);
}

}  // namespace

// A twin of a dozen bytes has values, versions and metadata on each side, and stands in three texts.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 16 * kJsonTree, .fixed = 256 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return;
  const std::string_view topic = text.substr(0, line);
  const std::string_view payload = text.substr(line + 1);

  FakeClock clock{WallTime(std::chrono::milliseconds(kNow))};
  ByName<Device> devices;
  devices["default/sensor"] = device_with_twins();
  DeviceTable table(std::move(devices));
  Effects effects;
  DeviceRequests requests({table, effects, clock, log::get("fuzz"), "edge1"});
  requests.on_topic(topic, payload);
  for (const Publication& each : effects.publications) {
    fuzz::hold(each.topic.starts_with("$hw/events/"));
    Json::parse(each.payload);
  }
  fuzz::accepted([&] { requests.on_membership(kube::parse_json(payload)); });

  const Device device = device_with_twins();
  for (const UpdateOrigin origin : {UpdateOrigin::kLocal, UpdateOrigin::kCloud}) {
    const auto parsed = parse_twin_update(payload, origin);
    const auto* update = std::get_if<TwinUpdate>(&parsed);
    if (update == nullptr) continue;
    apply(device, origin == UpdateOrigin::kLocal ? plan_local_update(device, *update, kNow)
                                                 : plan_cloud_update(device, *update, kNow));
  }
}
