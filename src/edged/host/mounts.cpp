// SPDX-License-Identifier: Apache-2.0
#include "edged/host/mounts.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>

namespace edgecore::edged {
namespace {

/// Decodes the three octal digits that mountinfo writes for space, tab, newline and backslash.
std::string unescape(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
        octal(text[i + 3])) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string normal(const std::filesystem::path& path) {
  std::string text = path.lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

bool at_or_below(const std::string& path, const std::string& directory) {
  if (directory == "/") return true;
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

std::vector<MountPoint> filtered(const std::vector<MountPoint>& all, const std::string& directory) {
  std::vector<MountPoint> out;
  for (const auto& one : all) {
    if (at_or_below(one.path, directory)) out.push_back(one);
  }
  return out;
}

void mount_or_throw(const char* source, const std::string& on, const char* type, unsigned long flags,
                    const std::string& options, const std::string& what) {
  if (::mount(source, on.c_str(), type, flags, options.empty() ? nullptr : options.c_str()) != 0) {
    throw SystemError("cannot mount " + what + " on " + on, errno);
  }
}

}  // namespace

std::vector<MountPoint> parse_mountinfo(std::string_view text) {
  std::vector<MountPoint> out;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string skipped, path, word;
    for (int i = 0; i < 4; ++i) fields >> skipped;  // id, parent, device, root
    fields >> path >> skipped;                      // and the options
    MountPoint point;
    bool separator = false;
    while (fields >> word) {
      if (word == "-") {
        separator = true;
        break;
      }
      if (word.starts_with("shared:")) point.shared = true;
    }
    if (!separator || !(fields >> point.type) || !path.starts_with('/')) continue;
    point.path = unescape(path);
    out.push_back(std::move(point));
  }
  return out;
}

bool Mounter::is_mount_point(const std::filesystem::path& path) {
  const std::string wanted = normal(path);
  const auto mounts = below(path);
  return std::any_of(mounts.begin(), mounts.end(), [&](const auto& one) { return one.path == wanted; });
}

void KernelMounter::mount_tmpfs(const std::filesystem::path& on, std::uint64_t bytes) {
  const std::string options = bytes == 0 ? std::string() : "size=" + std::to_string(bytes);
  mount_or_throw("tmpfs", on.string(), "tmpfs", 0, options, "a tmpfs");
}

void KernelMounter::mount_hugetlbfs(const std::filesystem::path& on, std::uint64_t page_size) {
  const std::string options = page_size == 0 ? std::string() : "pagesize=" + std::to_string(page_size);
  mount_or_throw("nodev", on.string(), "hugetlbfs", 0, options, "huge pages");
}

void KernelMounter::bind(const FileDescriptor& source, const std::filesystem::path& on) {
  const std::string from = "/proc/self/fd/" + std::to_string(source.get());
  mount_or_throw(from.c_str(), on.string(), nullptr, MS_BIND, {}, "a part of a volume");
}

bool KernelMounter::unmount(const std::filesystem::path& path) {
  if (::umount2(path.c_str(), UMOUNT_NOFOLLOW) == 0) return true;
  if (errno == EINVAL || errno == ENOENT || errno == ENOTDIR) return false;
  throw SystemError("cannot unmount " + path.string(), errno);
}

void KernelMounter::make_shared(const std::filesystem::path& directory) {
  const std::string path = normal(std::filesystem::canonical(directory));
  const auto own = below(path);
  const auto found =
      std::find_if(own.rbegin(), own.rend(), [&](const auto& one) { return one.path == path; });
  if (found != own.rend() && found->shared) return;
  if (found == own.rend()) {
    mount_or_throw(path.c_str(), path, nullptr, MS_BIND | MS_REC, {}, "the directory itself");
  }
  if (::mount("none", path.c_str(), nullptr, MS_SHARED | MS_REC, nullptr) != 0) {
    throw SystemError("cannot make the mounts below " + path + " shared", errno);
  }
}

std::vector<MountPoint> KernelMounter::below(const std::filesystem::path& directory) {
  std::ifstream file("/proc/self/mountinfo");
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw Error("The table of mounts, /proc/self/mountinfo, cannot be read");
  return filtered(parse_mountinfo(text.str()), normal(directory));
}

void MemoryMounter::check(const std::string& call, const std::filesystem::path& path) {
  if (refused_[call]) throw SystemError("cannot " + call + " " + path.string(), EPERM);
}

void MemoryMounter::mount_tmpfs(const std::filesystem::path& on, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  check("tmpfs", on);
  table_.push_back({normal(on), "tmpfs", false});
  sizes_[normal(on)] = bytes;
}

void MemoryMounter::mount_hugetlbfs(const std::filesystem::path& on, std::uint64_t page_size) {
  const std::lock_guard lock(mutex_);
  check("hugetlbfs", on);
  table_.push_back({normal(on), "hugetlbfs", false});
  sizes_[normal(on)] = page_size;
}

void MemoryMounter::bind(const FileDescriptor&, const std::filesystem::path& on) {
  const std::lock_guard lock(mutex_);
  check("bind", on);
  table_.push_back({normal(on), "ext4", false});
}

bool MemoryMounter::unmount(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  check("unmount", path);
  const std::string wanted = normal(path);
  const auto found =
      std::find_if(table_.rbegin(), table_.rend(), [&](const auto& one) { return one.path == wanted; });
  if (found == table_.rend()) return false;
  table_.erase(std::next(found).base());
  return true;
}

void MemoryMounter::make_shared(const std::filesystem::path& directory) {
  const std::lock_guard lock(mutex_);
  check("shared", directory);
  table_.push_back({normal(directory), "ext4", true});
}

std::vector<MountPoint> MemoryMounter::below(const std::filesystem::path& directory) {
  const std::lock_guard lock(mutex_);
  return filtered(table_, normal(directory));
}

void MemoryMounter::refuse(const std::string& call) {
  const std::lock_guard lock(mutex_);
  refused_[call] = true;
}

void MemoryMounter::permit(const std::string& call) {
  const std::lock_guard lock(mutex_);
  refused_[call] = false;
}

std::uint64_t MemoryMounter::size_of(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  const auto found = sizes_.find(normal(path));
  return found == sizes_.end() ? 0 : found->second;
}

}  // namespace edgecore::edged
