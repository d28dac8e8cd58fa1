// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/twin/device_table.hpp"

#include <memory>
#include <vector>

#include "devicetwin/twin/rows.hpp"

namespace edgecore::devicetwin {
namespace {

namespace rows = store::devices;

struct Writes {
  std::vector<std::string> removals;
  std::vector<rows::Device> devices;
  std::vector<rows::Twin> twins;
  std::vector<rows::Attribute> attributes;
  std::vector<std::pair<std::string, std::string>> attribute_removals;

  void apply(store::Transaction& into) const {
    for (const auto& id : removals) rows::remove(into, id);
    for (const auto& row : devices) rows::upsert(into, row);
    for (const auto& row : twins) rows::upsert(into, row);
    for (const auto& [id, name] : attribute_removals) rows::remove_attribute(into, id, name);
    for (const auto& row : attributes) rows::upsert(into, row);
  }
};

}  // namespace

const Device* DeviceTable::find(std::string_view id) const {
  const auto found = devices_.find(id);
  return found == devices_.end() ? nullptr : &found->second;
}

DeviceTable::Entry& DeviceTable::entry(const std::string& id) {
  const auto [found, made] = journal_.try_emplace(id);
  if (made) {
    const auto device = devices_.find(id);
    if (device != devices_.end()) found->second.before = device->second;
  }
  return found->second;
}

void DeviceTable::add(Device device) {
  Entry& noted = entry(device.id);
  noted.row = true;
  for (const auto& [name, twin] : device.twins) noted.twins.insert(name);
  for (const auto& [name, attribute] : device.attributes) noted.attributes.insert(name);
  std::string id = device.id;
  devices_.insert_or_assign(std::move(id), std::move(device));
}

void DeviceTable::remove(const std::string& id) {
  Entry& noted = entry(id);
  noted.removed = true;
  noted.row = false;
  noted.twins.clear();
  noted.attributes.clear();
  devices_.erase(id);
}

void DeviceTable::set_twin(const std::string& id, const std::string& name, Twin twin) {
  entry(id).twins.insert(name);
  devices_.find(id)->second.twins.insert_or_assign(name, std::move(twin));
}

void DeviceTable::set_state(const std::string& id, std::string state, std::string last_online) {
  entry(id).row = true;
  Device& device = devices_.find(id)->second;
  device.state = std::move(state);
  device.last_online = std::move(last_online);
}

void DeviceTable::set_attributes(const std::string& id, ByName<Attribute> attributes) {
  Entry& noted = entry(id);
  Device& device = devices_.find(id)->second;
  for (const auto& [name, attribute] : device.attributes) noted.attributes.insert(name);
  for (const auto& [name, attribute] : attributes) noted.attributes.insert(name);
  device.attributes = std::move(attributes);
}

store::Job DeviceTable::job() const {
  const auto writes = std::make_shared<Writes>();
  for (const auto& [id, noted] : journal_) {
    if (noted.removed) writes->removals.push_back(id);
    const Device* device = find(id);
    if (device == nullptr) continue;
    if (noted.row) writes->devices.push_back(device_row(*device));
    for (const std::string& name : noted.twins) {
      const auto twin = device->twins.find(name);
      if (twin != device->twins.end()) writes->twins.push_back(twin_row(id, name, twin->second));
    }
    for (const std::string& name : noted.attributes) {
      const auto attribute = device->attributes.find(name);
      if (attribute == device->attributes.end()) {
        writes->attribute_removals.emplace_back(id, name);
      } else {
        writes->attributes.push_back(attribute_row(id, name, attribute->second));
      }
    }
  }
  return [writes](store::Transaction& into) { writes->apply(into); };
}

void DeviceTable::undo() {
  for (auto& [id, noted] : journal_) {
    if (noted.before) {
      devices_.insert_or_assign(id, std::move(*noted.before));
    } else {
      devices_.erase(id);
    }
  }
  journal_.clear();
}

}  // namespace edgecore::devicetwin
