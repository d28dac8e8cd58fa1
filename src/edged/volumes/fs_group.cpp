// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/fs_group.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "edgecore/base/error.hpp"
#include "edged/host/directory_tree.hpp"

namespace edgecore::edged {
namespace {

mode_t added(mode_t type, bool read_only) {
  const mode_t access = read_only ? 0440 : 0660;
  return S_ISDIR(type) ? (access | 02110U) : access;
}

struct GroupWalk {
  gid_t gid;
  bool read_only;
  dev_t device;

  void give(const FileDescriptor& parent, const std::string& name, int depth) const {
    struct stat about {};
    if (::fstatat(parent.get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return;
      throw SystemError("cannot look at " + name, errno);
    }
    if (about.st_dev != device) return;
    if (S_ISDIR(about.st_mode)) {
      const FileDescriptor inside = open_directory_at(parent, name);
      if (inside.valid()) give_directory(inside, about, depth);
      return;
    }
    if (::fchownat(parent.get(), name.c_str(), static_cast<uid_t>(-1), gid, AT_SYMLINK_NOFOLLOW) != 0) {
      throw SystemError("cannot set the group of " + name, errno);
    }
    if (!S_ISREG(about.st_mode)) return;  // a link has no mode, and a device's must not be widened
    const FileDescriptor file(::openat(parent.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!file.valid()) return;
    const std::string through = "/proc/self/fd/" + std::to_string(file.get());
    struct stat now {};
    if (::fstat(file.get(), &now) != 0 || !S_ISREG(now.st_mode)) return;  // replaced meanwhile
    const mode_t wanted = (about.st_mode & 07777U) | added(about.st_mode, read_only);
    if (::chmod(through.c_str(), wanted) != 0) throw SystemError("cannot set the mode of " + name, errno);
  }

  void give_directory(const FileDescriptor& directory, const struct stat& about, int depth) const {
    if (depth > kMaxTreeDepth) throw Error("the volume is nested too deeply to set its group");
    // Children first: if the root already has the group, everything below was done (OnRootMismatch).
    for (const auto& name : directory_entries(directory)) give(directory, name, depth + 1);
    const mode_t wanted = (about.st_mode & 07777U) | added(about.st_mode, read_only);
    if (::fchown(directory.get(), static_cast<uid_t>(-1), gid) != 0 ||
        ::fchmod(directory.get(), wanted) != 0) {
      throw SystemError("cannot set the group and mode of a directory", errno);
    }
  }
};

}  // namespace

void apply_fs_group(const std::filesystem::path& volume, const FsGroup& group, bool read_only) {
  const FileDescriptor root = open_directory(volume);
  struct stat about {};
  if (::fstat(root.get(), &about) != 0)
    throw SystemError("cannot look at the volume " + volume.string(), errno);
  const mode_t bits = added(about.st_mode, read_only);
  if (group.on_root_mismatch && about.st_gid == group.gid && (about.st_mode & bits) == bits) return;
  const GroupWalk walk{group.gid, read_only, about.st_dev};
  walk.give_directory(root, about, 0);
}

}  // namespace edgecore::edged
