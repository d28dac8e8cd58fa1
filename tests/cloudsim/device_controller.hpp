// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "cloudsim/cluster.hpp"
#include "cloudsim/downstream.hpp"

namespace edgecore::cloudsim {

/// CloudCore's DeviceController: sends nodes their Devices and DeviceModels (protocol/04-devices.md §2.11,
/// wire/device-life.jsonl). References must outlive it.
class DeviceController {
 public:
  DeviceController(Cluster& cluster, Downlink& downlink) : cluster_(cluster), downlink_(downlink) {}

  /// A Device has changed; a change of a DeviceModel alone sends nothing.
  void changed(const Change& change);

 private:
  void added(const std::string& node, const Json& device);
  void deleted(const std::string& node, const Json& device);
  void push_membership(const std::string& node, const Json& device, bool added);
  void push_device(const std::string& node, const char* operation, const Json& device);
  void push_model(const std::string& node, const char* operation, const Json& model);
  /// Whether another Device of the node refers to the model of this one.
  [[nodiscard]] bool is_model_shared(const std::string& node, const Json& device) const;
  [[nodiscard]] Object model_of(const Json& device) const;

  Cluster& cluster_;
  Downlink& downlink_;
  /// The version of a model that was last sent, by node and model.
  std::map<std::pair<std::string, std::string>, std::string> sent_models_;
};

}  // namespace edgecore::cloudsim
