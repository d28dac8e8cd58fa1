// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edged/cgroups/cgroup_files.hpp"

namespace edgecore::edged {

/// Cgroups in memory with the kernel's rules: a cgroup needs its parent, has the files of its controllers
/// (v2: those that its parent enables), and can be removed only when it is empty.
class MemoryCgroupFiles final : public CgroupFiles {
 public:
  /// cgroup v1 and v2.
  static MemoryCgroupFiles separate() {
    return MemoryCgroupFiles(false, {"cpu,cpuacct", "cpuset", "memory", "pids", "systemd"});
  }
  static MemoryCgroupFiles unified() { return MemoryCgroupFiles(true, {""}); }

  MemoryCgroupFiles(bool is_v2, std::vector<std::string> hierarchies)
      : v2_(is_v2), hierarchies_(std::move(hierarchies)) {
    for (const auto& hierarchy : hierarchies_) {
      auto& root = groups_[{hierarchy, "/"}];
      root["cgroup.procs"] = "";
      if (hierarchy == "cpuset") root["cpuset.cpus"] = root["cpuset.mems"] = "0-1\n";
      if (v2_) {
        root["cgroup.controllers"] = "cpuset cpu io memory pids\n";
        root["cgroup.subtree_control"] = "\n";
      }
    }
  }

  std::map<pid_t, std::string> unkillable;
  std::vector<pid_t> killed;
  int writes = 0;

  /// "cpu.shares" of "/kubepods" in any hierarchy; "-" if there is no such file.
  [[nodiscard]] std::string value(const std::string& cgroup, const std::string& file) const {
    for (const auto& hierarchy : hierarchies_) {
      const auto group = groups_.find({hierarchy, cgroup});
      if (group == groups_.end()) continue;
      if (const auto found = group->second.find(file); found != group->second.end()) return found->second;
    }
    return "-";
  }
  void put(const std::string& hierarchy, const std::string& cgroup, pid_t pid) {
    groups_.at({hierarchy, cgroup})["cgroup.procs"] += std::to_string(pid) + "\n";
  }
  void set(const std::string& hierarchy, const std::string& cgroup, const std::string& file,
           const std::string& value) {
    groups_.at({hierarchy, cgroup})[file] = value;
  }
  [[nodiscard]] std::size_t count(const std::string& part) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        groups_, [&](const auto& each) { return each.first.second.find(part) != std::string::npos; }));
  }

  [[nodiscard]] bool v2() const override { return v2_; }
  [[nodiscard]] const std::vector<std::string>& hierarchies() const override { return hierarchies_; }
  [[nodiscard]] std::optional<std::string> hierarchy_of(std::string_view controller) const override {
    if (v2_) return controller == "hugetlb" ? std::nullopt : std::optional<std::string>("");
    for (const auto& hierarchy : hierarchies_) {
      if (("," + hierarchy + ",").find("," + std::string(controller) + ",") != std::string::npos)
        return hierarchy;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool exists(const std::string& hierarchy, const std::string& cgroup) override {
    return groups_.contains({hierarchy, cgroup});
  }
  void make(const std::string& hierarchy, const std::string& cgroup) override {
    const auto slash = cgroup.rfind('/');
    const std::string parent = slash == 0 ? "/" : cgroup.substr(0, slash);
    if (!exists(hierarchy, parent)) throw SystemError("Cannot make " + cgroup, ENOENT);
    auto& files = groups_[{hierarchy, cgroup}];
    files["cgroup.procs"] = "";
    if (v2_) {
      const std::string handed = groups_[{hierarchy, parent}]["cgroup.subtree_control"];
      files["cgroup.controllers"] = handed;
      files["cgroup.subtree_control"] = "\n";
      if (handed.find("cpu") != std::string::npos) files["cpu.weight"] = files["cpu.max"] = "";
      if (handed.find("memory") != std::string::npos) files["memory.max"] = "max\n";
      if (handed.find("pids") != std::string::npos) files["pids.max"] = "max\n";
      return;
    }
    if (hierarchy == "cpu,cpuacct")
      files["cpu.shares"] = files["cpu.cfs_quota_us"] = files["cpu.cfs_period_us"] = "";
    if (hierarchy == "cpuset") files["cpuset.cpus"] = files["cpuset.mems"] = "\n";
    if (hierarchy == "memory") files["memory.limit_in_bytes"] = "";
    if (hierarchy == "pids") files["pids.max"] = "max\n";
  }
  [[nodiscard]] bool remove(const std::string& hierarchy, const std::string& cgroup) override {
    const auto group = groups_.find({hierarchy, cgroup});
    if (group == groups_.end()) return true;
    if (!group->second["cgroup.procs"].empty() || !children(hierarchy, cgroup).empty()) return false;
    groups_.erase(group);
    return true;
  }
  [[nodiscard]] std::vector<std::string> children(const std::string& hierarchy,
                                                  const std::string& cgroup) override {
    const std::string prefix = cgroup == "/" ? "/" : cgroup + "/";
    std::vector<std::string> names;
    for (const auto& [key, files] : groups_) {
      if (key.first != hierarchy || !key.second.starts_with(prefix) || key.second == "/") continue;
      const std::string rest = key.second.substr(prefix.size());
      if (!rest.empty() && rest.find('/') == std::string::npos) names.push_back(rest);
    }
    return names;
  }
  [[nodiscard]] std::optional<std::string> read(const std::string& hierarchy, const std::string& cgroup,
                                                std::string_view file) override {
    const auto group = groups_.find({hierarchy, cgroup});
    if (group == groups_.end()) return std::nullopt;
    const auto found = group->second.find(std::string(file));
    if (found == group->second.end()) return std::nullopt;
    return found->second;
  }
  bool write(const std::string& hierarchy, const std::string& cgroup, std::string_view file,
             std::string_view value) override {
    const auto group = groups_.find({hierarchy, cgroup});
    if (group == groups_.end()) return false;
    const auto found = group->second.find(std::string(file));
    if (found == group->second.end()) return false;
    ++writes;
    if (file == "cgroup.subtree_control") {
      if (value.front() != '+') throw SystemError("Cannot write", EINVAL);
      found->second =
          found->second.substr(0, found->second.size() - 1) + " " + std::string(value.substr(1)) + "\n";
    } else {
      found->second = value;
    }
    return true;
  }
  void kill(pid_t pid) override {
    killed.push_back(pid);
    if (unkillable.contains(pid)) return;
    const std::string line = std::to_string(pid) + "\n";
    for (auto& [key, files] : groups_) {
      auto& procs = files["cgroup.procs"];
      if (const auto at = procs.find(line); at != std::string::npos) procs.erase(at, line.size());
    }
  }

 private:
  bool v2_;
  std::vector<std::string> hierarchies_;
  std::map<std::pair<std::string, std::string>, std::map<std::string, std::string>> groups_;
};

}  // namespace edgecore::edged
