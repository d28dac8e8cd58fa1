// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "edgecore/base/process.hpp"

namespace edgecore::metaserver {

/// Tells the interfaces of this machine and its pods from those that lead to other machines. Reads the
/// kernel's files each time; nothing is kept.
class NodeInterfaces {
 public:
  NodeInterfaces();
  /// For tests: copies of /sys/class/net and /proc/net.
  NodeInterfaces(std::filesystem::path links, std::filesystem::path routes)
      : links_(std::move(links)), routes_(std::move(routes)) {}

  /// True for loopback, and for an Ethernet-like interface (bridge, veth) without hardware below it and
  /// without the default route, as container networks make them. False for tunnels and VPNs, for a bridge or
  /// VLAN on a network card, and for "".
  [[nodiscard]] bool is_inside(const std::string& name) const;

 private:
  [[nodiscard]] bool is_ethernet(const std::string& name) const;
  [[nodiscard]] bool has_hardware(const std::string& name, int depth) const;
  [[nodiscard]] bool has_default_route(std::string_view name) const;

  FileDescriptor sysfs_;
  std::filesystem::path links_ = "/sys/class/net";
  std::filesystem::path routes_ = "/proc/thread-self/net";
};

}  // namespace edgecore::metaserver
