// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/device_controller.hpp"

#include "cloudsim/edge_controller.hpp"
#include "cloudsim/replies.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {
namespace {

namespace op = names::operation;
namespace res = names::resource;

std::string node_of(const Json& device) {
  return kube::string_or(device, "spec.nodeName");
}

std::string model_resource(const Json& model) {
  return beehive::resource_path(namespace_of(model), res::kDeviceModel, name_of(model));
}

std::string model_name(const Json& device) {
  return kube::string_or(device, "spec.deviceModelRef.name");
}

}  // namespace

Object DeviceController::model_of(const Json& device) const {
  return cluster_.find(kind_named("DeviceModel"), namespace_of(device), model_name(device));
}

bool DeviceController::is_model_shared(const std::string& node, const Json& device) const {
  for (const Object& other : cluster_.list(kind_named("Device"), namespace_of(device))) {
    if (node_of(*other) == node && model_name(*other) == model_name(device) &&
        name_of(*other) != name_of(device))
      return true;
  }
  return false;
}

void DeviceController::push_membership(const std::string& node, const Json& device, bool added) {
  const Json entry =
      Json::array({{{"id", namespace_of(device) + "/" + name_of(device)}, {"name", name_of(device)}}});
  Json content = {{"event_id", uuid_v4()}, {"timestamp", unix_millis(cluster_.now())}};
  content["added_devices"] = added ? entry : Json();
  content["removed_devices"] = added ? Json() : entry;
  Downstream update;
  update.message = beehive::make_message(names::source::kDeviceController, names::group::kTwin, op::kUpdate,
                                         "membership", std::move(content));
  downlink_.send(node, std::move(update));
}

void DeviceController::push_device(const std::string& node, const char* operation, const Json& device) {
  Json typed = device;
  if (!typed.contains("status")) typed["status"] = Json::object();  // CloudCore's Go type always encodes it
  const std::string resource = beehive::resource_path(namespace_of(device), res::kDevice, name_of(device));
  downlink_.send(node, push(names::source::kDeviceController, operation, resource, std::move(typed)));
}

void DeviceController::push_model(const std::string& node, const char* operation, const Json& model) {
  const std::string resource = model_resource(model);
  sent_models_[{node, resource}] = kube::string_or(model, "metadata.resourceVersion");
  downlink_.send(node, push(names::source::kDeviceController, operation, resource, model));
}

void DeviceController::added(const std::string& node, const Json& device) {
  push_membership(node, device, true);
  const Object model = model_of(device);
  const bool sent = model && sent_models_.contains({node, model_resource(*model)});
  if (model && !sent) push_model(node, op::kInsert, *model);
  push_device(node, op::kInsert, device);
}

void DeviceController::deleted(const std::string& node, const Json& device) {
  push_membership(node, device, false);
  const Object model = model_of(device);
  if (model && !is_model_shared(node, device)) {
    push_model(node, op::kDelete, *model);
    sent_models_.erase({node, model_resource(*model)});
  }
  push_device(node, op::kDelete, device);
}

void DeviceController::changed(const Change& change) {
  const Json& device = *change.object;
  const std::string node = node_of(device);
  if (change.type == ChangeType::kAdded) return added(node, device);
  if (change.type == ChangeType::kDeleted) return deleted(node, device);
  const std::string before = node_of(*change.before);
  if (before != node) {
    if (!before.empty()) deleted(before, *change.before);
    return added(node, device);
  }
  if (!differs_beyond_status(*change.before, device)) return;
  if (const Object model = model_of(device)) {
    const std::string resource =
        beehive::resource_path(namespace_of(*model), res::kDeviceModel, name_of(*model));
    const auto sent = sent_models_.find({node, resource});
    if (sent == sent_models_.end() || sent->second != kube::string_or(*model, "metadata.resourceVersion"))
      push_model(node, op::kUpdate, *model);
  }
  push_device(node, op::kUpdate, device);
}

}  // namespace edgecore::cloudsim
