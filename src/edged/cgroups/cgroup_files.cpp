// SPDX-License-Identifier: Apache-2.0
#include "edged/cgroups/cgroup_files.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <system_error>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/process.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

/// Size of a cgroup.procs file with every process that a pod's pid limit allows.
constexpr std::size_t kLargestFile = 4U << 20U;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = text.find(separator);
    if (end != 0) parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

/// Files of the kernel report no size and short reads: read to the end.
std::optional<std::string> read_whole(const fs::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    if (errno == ENOENT || errno == ENODEV) return std::nullopt;
    throw SystemError("Cannot open " + path.string(), errno);
  }
  std::string content;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t count = ::read(file.get(), piece.data(), piece.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == ENODEV) return std::nullopt;  // the cgroup was removed meanwhile
      throw SystemError("Cannot read " + path.string(), errno);
    }
    if (count == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(count));
    if (content.size() > kLargestFile) throw Error(path.string() + " is larger than 4 MiB.");
  }
}

class KernelCgroupFiles final : public CgroupFiles {
 public:
  explicit KernelCgroupFiles(fs::path mount) : mount_(std::move(mount)) {
    if (const auto controllers = read_whole(mount_ / "cgroup.controllers")) {
      v2_ = true;
      hierarchies_.emplace_back();
      for (auto& name : split(trimmed(*controllers), ' ')) by_controller_[name] = "";
    } else {
      find_v1();
    }
    if (hierarchies_.empty()) {
      throw Error("No control groups are mounted at " + mount_.string() +
                  ": pods cannot be limited. Mount them, or set cgroupsPerQOS to false.");
    }
  }

  [[nodiscard]] bool v2() const override { return v2_; }
  [[nodiscard]] const std::vector<std::string>& hierarchies() const override { return hierarchies_; }
  [[nodiscard]] std::vector<std::string> with_leftovers() const override {
    std::vector<std::string> all = hierarchies_;
    all.insert(all.end(), unified_.begin(), unified_.end());
    return all;
  }
  [[nodiscard]] std::optional<std::string> hierarchy_of(std::string_view controller) const override {
    const auto found = by_controller_.find(controller);
    if (found == by_controller_.end()) return std::nullopt;
    return found->second;
  }

  [[nodiscard]] bool exists(const std::string& hierarchy, const std::string& cgroup) override {
    std::error_code unknown;
    return fs::is_directory(directory(hierarchy, cgroup), unknown);
  }

  void make(const std::string& hierarchy, const std::string& cgroup) override {
    make_directory(directory(hierarchy, cgroup), 0755);
  }

  [[nodiscard]] bool remove(const std::string& hierarchy, const std::string& cgroup) override {
    const fs::path path = directory(hierarchy, cgroup);
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return true;
    if (errno == EBUSY || errno == ENOTEMPTY) return false;
    throw SystemError("Cannot remove the cgroup " + path.string(), errno);
  }

  [[nodiscard]] std::vector<std::string> children(const std::string& hierarchy,
                                                  const std::string& cgroup) override {
    std::vector<std::string> names;
    std::error_code gone;
    fs::directory_iterator at(directory(hierarchy, cgroup), gone);
    const fs::directory_iterator end;
    while (!gone && at != end) {
      std::error_code unknown;
      if (at->is_directory(unknown)) names.push_back(at->path().filename().string());
      at.increment(gone);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  [[nodiscard]] std::optional<std::string> read(const std::string& hierarchy, const std::string& cgroup,
                                                std::string_view file) override {
    return read_whole(directory(hierarchy, cgroup) / file);
  }

  bool write(const std::string& hierarchy, const std::string& cgroup, std::string_view name,
             std::string_view value) override {
    const fs::path path = directory(hierarchy, cgroup) / name;
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.valid()) {
      if (errno == ENOENT) return false;
      throw SystemError("Cannot open " + path.string(), errno);
    }
    ssize_t count = 0;
    do {
      count = ::write(file.get(), value.data(), value.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      throw SystemError("Cannot write \"" + std::string(value) + "\" to " + path.string(), errno);
    }
    return true;
  }

  void kill(pid_t pid) override {
    if (pid <= 1 || pid == ::getpid()) return;
    if (::kill(pid, SIGKILL) != 0 && errno != ESRCH) {
      throw SystemError("Cannot kill process " + std::to_string(pid), errno);
    }
  }

 private:
  /// v1 mounts each hierarchy on a directory named after its controllers ("cpu,cpuacct"), with links for the
  /// single names. The v2 tree beside them ("unified") has no controllers: no cgroup is made in it.
  void find_v1() {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(mount_, missing)) {
      const std::string name = entry.path().filename().string();
      std::error_code unknown;
      if (entry.is_symlink(unknown) || !entry.is_directory(unknown)) continue;
      if (fs::exists(entry.path() / "cgroup.controllers", unknown)) {
        unified_.push_back(name);
        continue;
      }
      if (!fs::exists(entry.path() / "cgroup.procs", unknown)) continue;
      hierarchies_.push_back(name);
      for (auto& controller : split(name, ',')) by_controller_[controller] = name;
    }
    std::sort(hierarchies_.begin(), hierarchies_.end());
  }

  [[nodiscard]] fs::path directory(const std::string& hierarchy, const std::string& cgroup) const {
    fs::path path = mount_;
    if (!hierarchy.empty()) path /= hierarchy;
    return path / std::string_view(cgroup).substr(cgroup.starts_with('/') ? 1 : 0);
  }

  fs::path mount_;
  bool v2_ = false;
  std::vector<std::string> hierarchies_;
  std::vector<std::string> unified_;  ///< v2 trees beside those of v1
  std::map<std::string, std::string, std::less<>> by_controller_;
};

}  // namespace

std::unique_ptr<CgroupFiles> kernel_cgroup_files(const std::filesystem::path& mount) {
  return std::make_unique<KernelCgroupFiles>(mount);
}

}  // namespace edgecore::edged
