// SPDX-License-Identifier: Apache-2.0
#include "edged/host/tree_walk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edged/host/directory_stream.hpp"

namespace edgecore::edged {
namespace {

/// The entry has gone, or something else has taken its name.
bool vanished(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

class TreeWalk {
 public:
  TreeWalk(dev_t device, TreeVisitor& visitor, std::size_t most_levels)
      : device_(device), visitor_(visitor), most_levels_(most_levels) {}

  void run(FileDescriptor top, ino_t inode) {
    push(std::move(top), inode);
    while (!levels_.empty()) {
      if (const dirent* entry = next()) {
        take(entry->d_name);
      } else {
        ascend();
      }
    }
  }

 private:
  /// A directory on the way from the top to the current one.
  struct Level {
    ino_t inode;
    long at = 0;  ///< where its stream stood before the entry that is being visited
  };
  struct Open {
    DirectoryStream stream;
    std::string child;  ///< the entry that is being visited
  };

  DirectoryStream& stream() {
    return levels_.size() > kOpenLevels ? deep_ : outer_[levels_.size() - 1].stream;
  }

  void push(FileDescriptor opened, ino_t inode) {
    DirectoryStream fresh = directory_stream(std::move(opened));
    levels_.push_back({inode});
    stream() = std::move(fresh);
  }

  const dirent* next() {
    DIR* const from = stream().get();
    for (;;) {
      levels_.back().at = ::telldir(from);
      errno = 0;
      const dirent* entry = ::readdir(from);
      if (entry == nullptr && errno != 0) visitor_.unreadable("the rest of a directory", errno);
      if (entry == nullptr) return nullptr;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") return entry;
    }
  }

  void take(const char* name) {
    const int parent = ::dirfd(stream().get());
    struct stat about {};
    if (::fstatat(parent, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
      if (!vanished(errno)) visitor_.unreadable(name, errno);
      return;
    }
    const TreeEntry entry{parent, name, about};
    if (!S_ISDIR(about.st_mode)) {
      visitor_.file(entry);
    } else if (about.st_dev != device_) {
      visitor_.foreign(entry);
    } else if (levels_.size() >= most_levels_) {
      visitor_.too_deep(entry);
    } else if (visitor_.enter(entry)) {
      descend(parent, name);
    }
  }

  void descend(int parent, const char* name) {
    FileDescriptor opened(::openat(parent, name, kOpenDirectory));
    struct stat inside {};
    if (!opened.valid() || ::fstat(opened.get(), &inside) != 0) {
      if (!vanished(errno)) visitor_.unreadable(name, errno);
      return;
    }
    if (inside.st_dev != device_) return;  // mounted over meanwhile
    if (levels_.size() <= kOpenLevels) outer_[levels_.size() - 1].child = name;
    push(std::move(opened), inside.st_ino);
  }

  /// From a directory whose entries are done to the one that holds it.
  void ascend() {
    visitor_.finished(::dirfd(stream().get()));
    const ino_t inode = levels_.back().inode;
    if (levels_.size() <= kOpenLevels + 1) {
      stream().reset();
      levels_.pop_back();
      if (!levels_.empty()) leave(outer_[levels_.size() - 1].child);
      return;
    }
    DirectoryStream parent = reopen(::dirfd(deep_.get()), levels_[levels_.size() - 2]);
    if (!parent) {
      deep_.reset();
      levels_.resize(kOpenLevels, Level{0});
      visitor_.moved();
      return;
    }
    levels_.pop_back();
    deep_ = std::move(parent);
    // The stream stands before the directory just left. If it does not, entries were added or removed.
    const dirent* again = ::readdir(deep_.get());
    if (again != nullptr && again->d_ino == inode) leave(again->d_name);
  }

  void leave(const std::string& name) { visitor_.left(::dirfd(stream().get()), name); }

  /// The parent of `child`; nullptr if it is not the directory that the walk came from.
  [[nodiscard]] DirectoryStream reopen(int child, const Level& level) const {
    FileDescriptor up(::openat(child, "..", kOpenDirectory));
    struct stat about {};
    if (!up.valid() || ::fstat(up.get(), &about) != 0) return nullptr;
    if (about.st_dev != device_ || about.st_ino != level.inode) return nullptr;
    DirectoryStream stream = directory_stream(std::move(up));
    ::seekdir(stream.get(), level.at);
    return stream;
  }

  const dev_t device_;
  TreeVisitor& visitor_;
  const std::size_t most_levels_;
  std::vector<Level> levels_;
  std::array<Open, kOpenLevels> outer_;
  DirectoryStream deep_;  ///< of the current directory, if it is deeper than those
};

}  // namespace

void TreeVisitor::too_deep(const TreeEntry& entry) {
  throw Error(std::string("the directory ") + entry.name + " is nested too deeply");
}

void TreeVisitor::unreadable(const char* name, int error) {
  throw SystemError(std::string("cannot read ") + name, error);
}

void TreeVisitor::moved() {
  throw Error("a directory was moved while its files were looked through");
}

void walk_tree(const FileDescriptor& top, TreeVisitor& visitor, std::size_t most_levels) {
  struct stat about {};
  // A stream moves the position of its descriptor: open another one.
  FileDescriptor own(::openat(top.get(), ".", kOpenDirectory));
  if (!own.valid() || ::fstat(own.get(), &about) != 0) throw SystemError("cannot list a directory", errno);
  TreeWalk(about.st_dev, visitor, most_levels).run(std::move(own), about.st_ino);
}

}  // namespace edgecore::edged
