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

/// The kernel's cgroup hierarchies: one for each controller with v1, a single one with v2. The seam between
/// the rules (cgroups.hpp) and /sys/fs/cgroup; tests have one in memory. Cgroup paths are absolute in the
/// hierarchy: "/kubepods/burstable". Calls may block. They throw SystemError with the file's name unless said
/// otherwise.
class CgroupFiles {
 public:
  virtual ~CgroupFiles() = default;

  [[nodiscard]] virtual bool v2() const = 0;
  /// The hierarchies in which to make cgroups. v1: the names of their directories ("cpu,cpuacct", "memory",
  /// "systemd" …). v2: one, "".
  [[nodiscard]] virtual const std::vector<std::string>& hierarchies() const = 0;

  /// The hierarchies in which cgroups of pods may be: those above and, on a host with both versions, the v2
  /// tree without controllers, in which the runtime makes cgroups of the same names.
  [[nodiscard]] virtual std::vector<std::string> with_leftovers() const { return hierarchies(); }

  /// v1: the hierarchy of the controller. v2: "" for a controller that the root offers. nullopt if the kernel
  /// lacks the controller.
  [[nodiscard]] virtual std::optional<std::string> hierarchy_of(std::string_view controller) const = 0;

  [[nodiscard]] virtual bool exists(const std::string& hierarchy, const std::string& cgroup) = 0;
  /// Makes the cgroup; its parent exists. No error if it exists already.
  virtual void make(const std::string& hierarchy, const std::string& cgroup) = 0;
  /// Removes an empty cgroup. False if it still holds processes or cgroups; true if it does not exist.
  [[nodiscard]] virtual bool remove(const std::string& hierarchy, const std::string& cgroup) = 0;
  /// Names of the direct children; empty if there is no such cgroup.
  [[nodiscard]] virtual std::vector<std::string> children(const std::string& hierarchy,
                                                          const std::string& cgroup) = 0;
  /// The content of a file of the cgroup; nullopt if it does not exist.
  [[nodiscard]] virtual std::optional<std::string> read(const std::string& hierarchy,
                                                        const std::string& cgroup, std::string_view file) = 0;
  /// False if the cgroup has no such file (the kernel lacks the feature).
  virtual bool write(const std::string& hierarchy, const std::string& cgroup, std::string_view file,
                     std::string_view value) = 0;
  /// Sends SIGKILL to a process; no error if it has ended.
  virtual void kill(pid_t pid) = 0;
};

/// The kernel's hierarchies, mounted at `mount`; which ones exist is read once. Throws Error if nothing is
/// mounted there.
std::unique_ptr<CgroupFiles> kernel_cgroup_files(const std::filesystem::path& mount = "/sys/fs/cgroup");

}  // namespace edgecore::edged
