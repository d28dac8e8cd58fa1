// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/cloud/catalog.hpp"

#include "edgecore/base/error.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::devicetwin {
namespace {

std::string digest_of(const Json& object) {
  return net::sha256_hex(kube::dump_json(kube::object_or_empty(object, "spec"))).substr(0, 32);
}

void check(const Json& object) {
  if (!object.is_object() || kube::string_or(object, "metadata.name").empty())
    throw BadInput("The object has no metadata.name.");
}

}  // namespace

CatalogDevice read_device(const Json& object) {
  check(object);
  CatalogDevice device;
  device.protocol = kube::string_or(object, "spec.protocol.protocolName");
  const std::string model = kube::string_or(object, "spec.deviceModelRef.name");
  if (!model.empty()) device.model = kube::string_or(object, "metadata.namespace", "default") + "/" + model;
  device.description = kube::string_or(object, "metadata.labels.description");
  device.digest = digest_of(object);
  for (const Json& property : kube::array_or_empty(object, "spec.properties")) {
    const std::string name = kube::string_or(property, "name");
    if (name.empty()) continue;
    device.properties.insert(name);
    if (kube::find_path(property, "desired") != nullptr)
      device.desired[name] = kube::string_or(property, "desired.value");
  }
  for (const Json& twin : kube::array_or_empty(object, "status.twins")) {
    const bool has_value = !kube::string_or(twin, "reported.value").empty() ||
                           !kube::string_or(twin, "observedDesired.value").empty();
    if (has_value) device.shown.insert(kube::string_or(twin, "propertyName"));
  }
  return device;
}

CatalogModel read_model(const Json& object) {
  check(object);
  return {kube::string_or(object, "spec.protocol"), digest_of(object)};
}

ByName<std::string> withdrawn(const ByName<std::string>& before, const CatalogDevice& device) {
  ByName<std::string> gone;
  for (const auto& [name, value] : before) {
    const auto now = device.desired.find(name);
    if (!value.empty() && (now == device.desired.end() || now->second.empty())) gone.emplace(name, value);
  }
  return gone;
}

ByName<std::string> Catalog::desired(std::string_view device) const {
  const auto found = devices.find(device);
  return found == devices.end() ? ByName<std::string>() : found->second.desired;
}

bool Catalog::shows(std::string_view device, std::string_view property) const {
  const auto found = devices.find(device);
  if (found == devices.end()) return false;  // its Device has not arrived yet
  return found->second.shown.contains(property) || !found->second.properties.contains(property);
}

void Catalog::note_shown(const std::string& device, const std::string& property) {
  const auto found = devices.find(device);
  if (found != devices.end()) found->second.shown.insert(property);
}

}  // namespace edgecore::devicetwin
