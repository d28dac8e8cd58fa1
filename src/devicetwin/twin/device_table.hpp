// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "devicetwin/twin/device.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::devicetwin {

/// The devices of this node in memory, and a journal of the changes since the last commit: changes take
/// effect at once, `job` writes them, `undo` reverts them. Passive; the module's thread.
class DeviceTable {
 public:
  explicit DeviceTable(ByName<Device> loaded) : devices_(std::move(loaded)) {}

  [[nodiscard]] const ByName<Device>& all() const { return devices_; }
  [[nodiscard]] const Device* find(std::string_view id) const;

  void add(Device device);
  void remove(const std::string& id);
  /// The device must exist, also for the functions below.
  void set_twin(const std::string& id, const std::string& name, Twin twin);
  void set_state(const std::string& id, std::string state, std::string last_online);
  void set_attributes(const std::string& id, ByName<Attribute> attributes);

  [[nodiscard]] bool changed() const { return !journal_.empty(); }
  /// Writes the changes; owns its data.
  [[nodiscard]] store::Job job() const;
  void committed() { journal_.clear(); }
  void undo();

 private:
  struct Entry {
    std::optional<Device> before;
    bool row = false;
    bool removed = false;  ///< its old rows are deleted first
    std::set<std::string> twins;
    std::set<std::string> attributes;
  };
  Entry& entry(const std::string& id);

  ByName<Device> devices_;
  std::map<std::string, Entry> journal_;
};

}  // namespace edgecore::devicetwin
