// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/validate.hpp"

#include <filesystem>

#include "config/effects.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/config/host.hpp"
#include "edgecore/kube/names.hpp"

namespace edgecore::config {
namespace {

/// The database's directory is for root and its group only.
constexpr mode_t kDirectoryMode = 0750;

void check_database(const Database& database, Findings& findings) {
  const char* field = "database.dataSource";
  if (database.data_source.empty()) {
    findings.errors.push_back({field, "is empty; it must name the database file"});
    return;
  }
  const std::filesystem::path file(database.data_source);
  const auto directory = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  try {
    make_directories(directory, kDirectoryMode);
    std::error_code error;
    if (std::filesystem::is_directory(directory, error)) return;
    findings.errors.push_back({field, "is in " + directory.string() + ", which is not a directory"});
  } catch (const SystemError& e) {
    findings.errors.push_back({field, std::string("needs its directory: ") + e.what()});
  }
}

void check_edged(const Edged& edged, Findings& findings) {
  if (!edged.enable) return;
  if (!kube::is_dns_subdomain(edged.hostname_override)) {
    findings.errors.push_back(
        {"modules.edged.hostnameOverride",
         log::quote(edged.hostname_override) +
             " is not a node name: lower-case letters, digits, '-' and '.' only, beginning and "
             "ending each part with a letter or digit, at most 253 of them"});
  }
  const std::string& driver = edged.kubelet.cgroup_driver;
  if (driver != "cgroupfs" && driver != "systemd") {
    findings.errors.push_back({"modules.edged.tailoredKubeletConfig.cgroupDriver",
                               log::quote(driver) + " is not a cgroup driver: cgroupfs or systemd"});
  }
}

void check_edge_hub(const EdgeHub& hub, Findings& findings) {
  if (!hub.enable) return;
  if (hub.websocket.enable == hub.quic.enable) {
    findings.errors.push_back(
        {"modules.edgeHub.websocket.enable", std::string("and modules.edgeHub.quic.enable are both ") +
                                                 (hub.quic.enable ? "true" : "false") +
                                                 "; exactly one of them has to be true"});
  } else if (hub.quic.enable) {
    findings.errors.push_back(
        {"modules.edgeHub.quic.enable",
         "is true, but this edgecore cannot speak QUIC yet, a later version will; set it to "
         "false and modules.edgeHub.websocket.enable to true"});
  }
  if (hub.message_qps < 0) {
    findings.errors.push_back({"modules.edgeHub.messageQPS",
                               std::to_string(hub.message_qps) + " is negative; 0 stands for no limit"});
  }
  if (hub.message_burst < 0) {
    findings.errors.push_back(
        {"modules.edgeHub.messageBurst", std::to_string(hub.message_burst) + " is negative"});
  }
}

void check_event_bus(const EventBus& bus, Findings& findings) {
  if (!bus.enable) return;
  if (bus.mode < kMqttInternal || bus.mode > kMqttExternal) {
    findings.errors.push_back(
        {"modules.eventBus.mqttMode",
         std::to_string(bus.mode) + " is not a mode: 0 internal broker, 1 both, 2 external"});
  }
  if (bus.qos > 2) {
    findings.warnings.push_back(
        {"modules.eventBus.mqttQOS",
         std::to_string(bus.qos) + " is not a quality of service of MQTT: 0, 1 or 2"});
  }
}

}  // namespace

Findings validate(const EdgeCoreConfig& config) {
  Findings findings;
  findings.warnings = keys_without_effect(config);
  check_database(config.database, findings);
  check_edged(config.modules.edged, findings);
  check_edge_hub(config.modules.edge_hub, findings);
  check_event_bus(config.modules.event_bus, findings);
  return findings;
}

std::string format_errors(const std::vector<Violation>& errors) {
  std::string text = "[\n";
  for (const Violation& error : errors) text += "  " + error.field + ": " + error.text + "\n";
  return text + "]";
}

}  // namespace edgecore::config
