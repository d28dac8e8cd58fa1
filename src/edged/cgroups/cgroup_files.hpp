// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgecore::edged {

/// The kernel's cgroup hierarchies as edged sees them: of v1 one for each controller, of v2 one for all. The
/// seam between the rules (cgroups.hpp) and /sys/fs/cgroup; tests have one in memory. Paths of cgroups are
/// absolute in the hierarchy: "/kubepods/burstable". Calls may block; they throw SystemError with the file's
/// name unless said otherwise.
class CgroupFiles {
 public:
  virtual ~CgroupFiles() = default;

  [[nodiscard]] virtual bool v2() const = 0;
  /// The hierarchies to make cgroups in: of v1 the names of their directories ("cpu,cpuacct", "memory",
  /// "systemd" …), of v2 one, "".
  [[nodiscard]] virtual const std::vector<std::string>& hierarchies() const = 0;

  /// Of v1 the hierarchy that holds the controller; nullopt when the kernel does not have it. Of v2 "" for
  /// the controllers the root offers.
  [[nodiscard]] virtual std::optional<std::string> hierarchy_of(std::string_view controller) const = 0;

  [[nodiscard]] virtual bool exists(const std::string& hierarchy, const std::string& cgroup) = 0;
  /// Makes the cgroup; its parent exists. No error when it is there.
  virtual void make(const std::string& hierarchy, const std::string& cgroup) = 0;
  /// Removes an empty cgroup. False when it still holds processes or cgroups; true when it is not there.
  [[nodiscard]] virtual bool remove(const std::string& hierarchy, const std::string& cgroup) = 0;
  /// Names of the cgroups right below; none when there is no such cgroup.
  [[nodiscard]] virtual std::vector<std::string> children(const std::string& hierarchy,
                                                          const std::string& cgroup) = 0;
  /// The content of a file of the cgroup; nullopt when there is none.
  [[nodiscard]] virtual std::optional<std::string> read(const std::string& hierarchy,
                                                        const std::string& cgroup, std::string_view file) = 0;
  /// False when the cgroup has no such file (the kernel lacks the feature).
  virtual bool write(const std::string& hierarchy, const std::string& cgroup, std::string_view file,
                     std::string_view value) = 0;
  /// SIGKILL to a process; nothing when it is gone.
  virtual void kill(pid_t pid) = 0;
};

/// The kernel's, mounted at `mount`. Reads once which hierarchies there are. Throws Error when nothing is
/// mounted there.
std::unique_ptr<CgroupFiles> kernel_cgroup_files(const std::filesystem::path& mount = "/sys/fs/cgroup");

}  // namespace edgecore::edged
