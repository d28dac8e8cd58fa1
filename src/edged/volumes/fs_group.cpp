// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/fs_group.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "edgecore/base/error.hpp"
#include "edged/host/directory_tree.hpp"
#include "edged/host/tree_walk.hpp"

namespace edgecore::edged {
namespace {

mode_t added(mode_t type, bool read_only) {
  const mode_t access = read_only ? 0440 : 0660;
  return S_ISDIR(type) ? (access | 02110U) : access;
}

class GroupWalk final : public TreeVisitor {
 public:
  GroupWalk(gid_t gid, bool read_only) : gid_(gid), read_only_(read_only) {}

 private:
  void file(const TreeEntry& entry) override {
    if (::fchownat(entry.parent, entry.name, static_cast<uid_t>(-1), gid_, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return;
      throw SystemError(std::string("cannot set the group of ") + entry.name, errno);
    }
    if (!S_ISREG(entry.about.st_mode)) return;  // a link has no mode, and a device's must not be widened
    const FileDescriptor file(::openat(entry.parent, entry.name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!file.valid()) return;
    const std::string through = "/proc/self/fd/" + std::to_string(file.get());
    struct stat now {};
    if (::fstat(file.get(), &now) != 0 || !S_ISREG(now.st_mode)) return;  // replaced meanwhile
    const mode_t wanted = (entry.about.st_mode & 07777U) | added(entry.about.st_mode, read_only_);
    if (::chmod(through.c_str(), wanted) != 0)
      throw SystemError(std::string("cannot set the mode of ") + entry.name, errno);
  }

  bool enter(const TreeEntry&) override { return true; }
  void foreign(const TreeEntry&) override {}

  /// Children first: if the top already has the group, everything below was done (OnRootMismatch).
  void finished(int directory) override {
    struct stat about {};
    if (::fstat(directory, &about) != 0) throw SystemError("cannot look at a directory", errno);
    const mode_t wanted = (about.st_mode & 07777U) | added(about.st_mode, read_only_);
    if (::fchown(directory, static_cast<uid_t>(-1), gid_) != 0 || ::fchmod(directory, wanted) != 0)
      throw SystemError("cannot set the group and mode of a directory", errno);
  }

  const gid_t gid_;
  const bool read_only_;
};

}  // namespace

void apply_fs_group(const std::filesystem::path& volume, const FsGroup& group, bool read_only) {
  const FileDescriptor root = open_directory(volume);
  struct stat about {};
  if (::fstat(root.get(), &about) != 0)
    throw SystemError("cannot look at the volume " + volume.string(), errno);
  const mode_t bits = added(about.st_mode, read_only);
  if (group.on_root_mismatch && about.st_gid == group.gid && (about.st_mode & bits) == bits) return;
  GroupWalk walk(group.gid, read_only);
  walk_tree(root, walk);
}

}  // namespace edgecore::edged
