// SPDX-License-Identifier: Apache-2.0
#include "edged/host/directory_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "edgecore/base/error.hpp"

namespace edgecore::edged {
namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseDir {
  void operator()(DIR* stream) const { ::closedir(stream); }
};

void remove_at(const FileDescriptor& parent, const std::string& name, dev_t device, int depth) {
  struct stat about {};
  if (::fstatat(parent.get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return;
    throw SystemError("cannot stat " + name, errno);
  }
  if (!S_ISDIR(about.st_mode)) {
    if (::unlinkat(parent.get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
    throw SystemError("cannot remove " + name, errno);
  }
  if (about.st_dev != device)
    throw Error("The directory " + name + " is on another file system and is not removed");
  if (depth > kMaxTreeDepth) throw Error("The directory " + name + " is nested too deeply to be removed");
  const FileDescriptor inside = open_directory_at(parent, name);
  if (!inside.valid()) return;
  for (const auto& entry : directory_entries(inside)) remove_at(inside, entry, device, depth + 1);
  if (::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    throw SystemError("cannot remove the directory " + name, errno);
  }
}

}  // namespace

FileDescriptor open_directory(const std::filesystem::path& path) {
  FileDescriptor opened(::open(path.c_str(), kDirectory));
  if (!opened.valid()) throw SystemError("cannot open the directory " + path.string(), errno);
  return opened;
}

FileDescriptor open_directory_at(const FileDescriptor& parent, const std::string& name) {
  FileDescriptor opened(::openat(parent.get(), name.c_str(), kDirectory));
  if (!opened.valid() && errno != ENOENT) throw SystemError("cannot open the directory " + name, errno);
  return opened;
}

std::vector<std::string> directory_entries(const FileDescriptor& directory) {
  // fdopendir takes the descriptor over and moves its position, so open another one.
  FileDescriptor own(::openat(directory.get(), ".", kDirectory));
  if (!own.valid()) throw SystemError("cannot list a directory", errno);
  const std::unique_ptr<DIR, CloseDir> stream(::fdopendir(own.get()));
  if (!stream) throw SystemError("cannot list a directory", errno);
  own.release();
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

void remove_tree_at(const FileDescriptor& parent, const std::string& name, dev_t device) {
  remove_at(parent, name, device, 0);
}

void remove_tree(const std::filesystem::path& path) {
  struct stat about {};
  if (::lstat(path.parent_path().c_str(), &about) != 0) {
    if (errno == ENOENT) return;
    throw SystemError("cannot stat " + path.parent_path().string(), errno);
  }
  const FileDescriptor parent = open_directory(path.parent_path());
  try {
    remove_at(parent, path.filename().string(), about.st_dev, 0);
  } catch (const Error& error) {
    throw Error("cannot remove " + path.string() + ": " + error.what());
  }
}

}  // namespace edgecore::edged
