// SPDX-License-Identifier: Apache-2.0
#include "metaserver/serving/node_interfaces.hpp"

#include <sys/mount.h>

#include <algorithm>
#include <sstream>
#include <system_error>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;
constexpr int kMostLayers = 4;  // a VLAN on a bond on cards
constexpr std::string_view kLower = "lower_";

std::string text_of(const std::filesystem::path& file) {
  try {
    return read_file(file, kMaxFile).value_or("");
  } catch (const Error&) {
    return {};
  }
}

/// The lines of a table, as words.
std::vector<std::vector<std::string>> rows_of(const std::filesystem::path& file) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text_of(file));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<std::string>& row = rows.emplace_back();
    for (std::string word; words >> word;) row.push_back(std::move(word));
  }
  return rows;
}

/// A sysfs that is mounted nowhere and shows the interfaces of this process's network namespace: /sys shows
/// those of the namespace in which it was mounted. Not valid before Linux 5.2 and without the right to mount.
FileDescriptor own_sysfs() {
  const FileDescriptor context(::fsopen("sysfs", FSOPEN_CLOEXEC));
  if (!context.valid() || ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return {};
  return FileDescriptor(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
}

}  // namespace

NodeInterfaces::NodeInterfaces() : sysfs_(own_sysfs()) {
  if (sysfs_.valid()) links_ = "/proc/self/fd/" + std::to_string(sysfs_.get()) + "/class/net";
}

bool NodeInterfaces::is_inside(const std::string& name) const {
  if (name == "lo") return true;
  if (name.empty() || name.find('/') != name.npos) return false;
  return is_ethernet(name) && !has_hardware(name, 0) && !has_default_route(name);
}

/// The kernel's ARPHRD_ETHER; tunnels have other types.
bool NodeInterfaces::is_ethernet(const std::string& name) const {
  return text_of(links_ / name / "type") == "1\n";
}

bool NodeInterfaces::has_hardware(const std::string& name, int depth) const {
  std::error_code error;
  if (depth > kMostLayers || std::filesystem::exists(links_ / name / "device", error)) return true;
  for (std::filesystem::directory_iterator at(links_ / name, error), end; !error && at != end;
       at.increment(error)) {
    const std::string entry = at->path().filename();
    if (entry.starts_with(kLower) && has_hardware(entry.substr(kLower.size()), depth + 1)) return true;
  }
  return false;
}

bool NodeInterfaces::has_default_route(std::string_view name) const {
  const auto v4 = rows_of(routes_ / "route");
  const auto v6 = rows_of(routes_ / "ipv6_route");
  // Interface, destination, …, mask at the eighth place; destination and prefix first, interface last.
  const bool is_v4 = std::ranges::any_of(v4, [&](const auto& row) {
    return row.size() > 7 && row[0] == name && row[1] == "00000000" && row[7] == "00000000";
  });
  return is_v4 || std::ranges::any_of(v6, [&](const auto& row) {
           return row.size() > 9 && row[9] == name && row[1] == "00" &&
                  row[0] == "00000000000000000000000000000000";
         });
}

}  // namespace edgecore::metaserver
