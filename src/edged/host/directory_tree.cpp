// SPDX-License-Identifier: Apache-2.0
#include "edged/host/directory_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edged/host/directory_stream.hpp"

namespace edgecore::edged {
namespace {

/// Removes everything below a directory in which nobody works any more.
class Removal final : public TreeVisitor {
 public:
  Removal(const FileDescriptor& top, std::size_t most_levels) : top_(top), most_levels_(most_levels) {}

  /// Repeats the walk while it removes something and something is left: an entry may be missed when a
  /// directory changes while it is read, and directories that were too deep are at the top now.
  void run() {
    do {
      progress_ = false;
      complete_ = true;
      walk_tree(top_, *this, most_levels_);
    } while (!complete_ && progress_);
  }

 private:
  void file(const TreeEntry& entry) override {
    if (::unlinkat(entry.parent, entry.name, 0) != 0 && errno != ENOENT)
      throw SystemError(std::string("cannot remove ") + entry.name, errno);
    progress_ = true;
  }
  bool enter(const TreeEntry& entry) override { return !remove_directory(entry.parent, entry.name); }
  void left(int parent, const std::string& name) override {
    if (!remove_directory(parent, name.c_str())) complete_ = false;
  }
  void foreign(const TreeEntry& entry) override {
    throw Error(std::string("The directory ") + entry.name + " is on another file system and is not removed");
  }
  void too_deep(const TreeEntry& entry) override {
    complete_ = false;
    for (;;) {
      const std::string name = ".deep-" + std::to_string(++moved_);
      if (::renameat(entry.parent, entry.name, top_.get(), name.c_str()) == 0) break;
      const bool taken = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR;
      if (!taken) throw SystemError(std::string("cannot move ") + entry.name, errno);
    }
    progress_ = true;
  }
  void unreadable(const char* name, int error) override {
    throw SystemError(std::string("cannot look at ") + name, error);
  }

  /// False if it is not empty.
  bool remove_directory(int parent, const char* name) {
    if (::unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
      if (errno == ENOTEMPTY || errno == EEXIST) return false;
      throw SystemError(std::string("cannot remove the directory ") + name, errno);
    }
    progress_ = true;
    return true;
  }

  const FileDescriptor& top_;
  const std::size_t most_levels_;
  std::uint64_t moved_ = 0;
  bool progress_ = false;
  bool complete_ = true;
};

}  // namespace

FileDescriptor open_directory(const std::filesystem::path& path) {
  FileDescriptor opened(::open(path.c_str(), kOpenDirectory));
  if (!opened.valid()) throw SystemError("cannot open the directory " + path.string(), errno);
  return opened;
}

FileDescriptor open_directory_at(const FileDescriptor& parent, const std::string& name) {
  FileDescriptor opened(::openat(parent.get(), name.c_str(), kOpenDirectory));
  if (!opened.valid() && errno != ENOENT) throw SystemError("cannot open the directory " + name, errno);
  return opened;
}

std::vector<std::string> directory_entries(const FileDescriptor& directory) {
  // fdopendir takes the descriptor over and moves its position, so open another one.
  FileDescriptor own(::openat(directory.get(), ".", kOpenDirectory));
  if (!own.valid()) throw SystemError("cannot list a directory", errno);
  const DirectoryStream stream = directory_stream(std::move(own));
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) {
      if (errno != 0) throw SystemError("cannot list a directory", errno);
      break;
    }
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

void remove_tree_at(const FileDescriptor& parent, const std::string& name, dev_t device,
                    std::size_t most_levels) {
  struct stat about {};
  if (::fstatat(parent.get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return;
    throw SystemError("cannot stat " + name, errno);
  }
  const bool directory = S_ISDIR(about.st_mode);
  if (directory && about.st_dev != device)
    throw Error("The directory " + name + " is on another file system and is not removed");
  if (directory) {
    const FileDescriptor inside = open_directory_at(parent, name);
    if (!inside.valid()) return;
    Removal(inside, most_levels).run();
  }
  if (::unlinkat(parent.get(), name.c_str(), directory ? AT_REMOVEDIR : 0) != 0 && errno != ENOENT)
    throw SystemError("cannot remove " + name, errno);
}

void remove_tree(const std::filesystem::path& path) {
  struct stat about {};
  if (::lstat(path.parent_path().c_str(), &about) != 0) {
    if (errno == ENOENT) return;
    throw SystemError("cannot stat " + path.parent_path().string(), errno);
  }
  const FileDescriptor parent = open_directory(path.parent_path());
  try {
    remove_tree_at(parent, path.filename().string(), about.st_dev);
  } catch (const Error& error) {
    throw Error("cannot remove " + path.string() + ": " + error.what());
  }
}

}  // namespace edgecore::edged
