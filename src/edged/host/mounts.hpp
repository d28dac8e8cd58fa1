// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/base/process.hpp"

namespace edgecore::edged {

/// One line of /proc/self/mountinfo, with the fields that volumes need.
struct MountPoint {
  std::string path;  ///< absolute, unescaped
  std::string type;  ///< "tmpfs", "ext4"
  bool shared = false;
  bool operator==(const MountPoint&) const = default;
};

/// The lines of a mountinfo text in their order (later mounts cover earlier ones). Skips malformed lines.
std::vector<MountPoint> parse_mountinfo(std::string_view text);

/// The seam to the kernel's mount table. Calls may block for long: BlockingPool threads only. Implementations
/// take calls from many threads. All throw SystemError with a sentence.
class Mounter {
 public:
  virtual ~Mounter() = default;

  /// A tmpfs on the directory; 0 bytes = the kernel's default (half of memory).
  virtual void mount_tmpfs(const std::filesystem::path& on, std::uint64_t bytes) = 0;
  /// `page_size` in bytes; 0 = the default huge page.
  virtual void mount_hugetlbfs(const std::filesystem::path& on, std::uint64_t page_size) = 0;
  /// Binds the file or directory that `source` is open on (O_PATH will do), even if its path has changed.
  virtual void bind(const FileDescriptor& source, const std::filesystem::path& on) = 0;
  /// Removes the topmost mount at the path; does not follow a symbolic link at its end. False if nothing is
  /// mounted there.
  virtual bool unmount(const std::filesystem::path& path) = 0;
  /// Makes the directory a mount point (if it is not one) with shared propagation.
  virtual void make_shared(const std::filesystem::path& directory) = 0;
  /// All mounts at `directory` or below it, in the table's order. `directory` must be absolute; it need not
  /// exist.
  virtual std::vector<MountPoint> below(const std::filesystem::path& directory) = 0;

  [[nodiscard]] bool is_mount_point(const std::filesystem::path& path);
};

/// mount(2), umount2(2) and /proc/self/mountinfo.
class KernelMounter final : public Mounter {
 public:
  void mount_tmpfs(const std::filesystem::path& on, std::uint64_t bytes) override;
  void mount_hugetlbfs(const std::filesystem::path& on, std::uint64_t page_size) override;
  void bind(const FileDescriptor& source, const std::filesystem::path& on) override;
  bool unmount(const std::filesystem::path& path) override;
  void make_shared(const std::filesystem::path& directory) override;
  std::vector<MountPoint> below(const std::filesystem::path& directory) override;
};

/// A mount table in memory, for tests. `refuse` makes calls with that name ("tmpfs", "bind", "unmount", …)
/// fail with EPERM.
class MemoryMounter : public Mounter {
 public:
  void mount_tmpfs(const std::filesystem::path& on, std::uint64_t bytes) override;
  void mount_hugetlbfs(const std::filesystem::path& on, std::uint64_t page_size) override;
  void bind(const FileDescriptor& source, const std::filesystem::path& on) override;
  bool unmount(const std::filesystem::path& path) override;
  void make_shared(const std::filesystem::path& directory) override;
  std::vector<MountPoint> below(const std::filesystem::path& directory) override;

  void refuse(const std::string& call);
  void permit(const std::string& call);
  /// The size that a tmpfs was mounted with.
  [[nodiscard]] std::uint64_t size_of(const std::filesystem::path& path);

 private:
  void check(const std::string& call, const std::filesystem::path& path);

  std::mutex mutex_;
  std::vector<MountPoint> table_;
  std::map<std::string, std::uint64_t> sizes_;
  std::map<std::string, bool> refused_;
};

}  // namespace edgecore::edged
