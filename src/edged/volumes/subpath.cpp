// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/subpath.hpp"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edged/host/directory_tree.hpp"

namespace edgecore::edged {
namespace {

constexpr int kMaxLinks = 40;

/// One element of a path; whether it comes from a link's target.
struct Element {
  std::string name;
  bool from_link = false;
};

struct stat about(const FileDescriptor& of) {
  struct stat out {};
  if (::fstat(of.get(), &out) != 0) throw SystemError("cannot look at a part of a volume", errno);
  return out;
}

std::deque<Element> elements(std::string_view path, bool from_link) {
  std::deque<Element> out;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto element = path.substr(0, slash);
    if (!element.empty() && element != ".") out.push_back({std::string(element), from_link});
    path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
  }
  return out;
}

/// Walks a path without leaving the directory it begins in.
class SubPathWalk {
 public:
  SubPathWalk(FileDescriptor root, std::string sub_path, std::optional<mode_t> create_mode)
      : whole_(std::move(sub_path)), create_mode_(create_mode) {
    stack_.push_back(std::move(root));
  }

  FileDescriptor run() {
    left_ = elements(whole_, false);
    for (const auto& element : left_) {
      if (element.name == "..") throw Error(fmt::format("The subPath \"{}\" must not hold '..'", whole_));
    }
    while (!left_.empty()) {
      const Element element = std::move(left_.front());
      left_.pop_front();
      if (element.name == "..") {  // from a link
        if (stack_.size() == 1) escapes();
        stack_.pop_back();
      } else {
        enter(element);
      }
    }
    return std::move(stack_.back());
  }

 private:
  [[noreturn]] void escapes() const {
    throw Error(fmt::format("The subPath \"{}\" leads out of its volume", whole_));
  }

  void enter(const Element& element) {
    const std::string& name = element.name;
    const FileDescriptor& at = stack_.back();
    FileDescriptor next(::openat(at.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next.valid() && errno == ENOENT && create_mode_) next = create(at, element);
    if (!next.valid())
      throw SystemError(fmt::format("cannot open \"{}\" of the subPath \"{}\"", name, whole_), errno);
    if (S_ISLNK(about(next).st_mode)) {
      follow(next);
    } else {
      stack_.push_back(std::move(next));
    }
  }

  FileDescriptor create(const FileDescriptor& in, const Element& element) const {
    const std::string& name = element.name;
    if (element.from_link) {
      throw Error(fmt::format("The subPath \"{}\" goes through a dangling symbolic link", whole_));
    }
    if (::mkdirat(in.get(), name.c_str(), 0700) != 0 && errno != EEXIST) {
      throw SystemError(fmt::format("cannot make the directory \"{}\" of the subPath \"{}\"", name, whole_),
                        errno);
    }
    // A container may have replaced the directory meanwhile: the caller checks it like any other element.
    FileDescriptor made(::openat(in.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    const FileDescriptor directory(
        ::openat(in.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (directory.valid() && ::fchmod(directory.get(), *create_mode_) != 0) {
      throw SystemError(fmt::format("cannot set the mode of \"{}\"", name), errno);
    }
    errno = ENOENT;
    return made;
  }

  void follow(const FileDescriptor& link) {
    if (++links_ > kMaxLinks)
      throw Error(fmt::format("The subPath \"{}\" has too many symbolic links", whole_));
    char target[kMaxPath + 1];
    const ssize_t length = ::readlinkat(link.get(), "", target, sizeof target);
    if (length < 0) throw SystemError(fmt::format("cannot read a link of the subPath \"{}\"", whole_), errno);
    const std::string_view text(target, static_cast<std::size_t>(length));
    if (text.starts_with('/')) escapes();
    auto more = elements(text, true);
    left_.insert(left_.begin(), more.begin(), more.end());
  }

  std::string whole_;
  std::optional<mode_t> create_mode_;
  std::vector<FileDescriptor> stack_;  ///< from the volume to the current one: ".." needs no call
  std::deque<Element> left_;
  int links_ = 0;
};

FileDescriptor open_volume(const std::filesystem::path& volume) {
  FileDescriptor opened(::open(volume.c_str(), O_PATH | O_CLOEXEC));
  if (!opened.valid()) throw SystemError("cannot open the volume " + volume.string(), errno);
  return opened;
}

void make_target(const std::filesystem::path& target, bool directory) {
  make_directories(target.parent_path(), 0750);
  struct stat there {};
  if (::lstat(target.c_str(), &there) == 0) {
    if (S_ISDIR(there.st_mode) == directory) return;
    // Left by a mount of the other kind; an unmounted mount point is empty.
    if ((directory ? ::unlink(target.c_str()) : ::rmdir(target.c_str())) != 0) {
      throw SystemError("cannot remove the old mount point " + target.string(), errno);
    }
  }
  if (directory) {
    make_directory(target, 0750);
    return;
  }
  const FileDescriptor file(
      ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (!file.valid() || ::fchmod(file.get(), 0640) != 0)
    throw SystemError("cannot make " + target.string(), errno);
}

bool same_inode(const struct stat& source, const std::filesystem::path& target) {
  struct stat there {};
  return ::lstat(target.c_str(), &there) == 0 && there.st_dev == source.st_dev &&
         there.st_ino == source.st_ino;
}

}  // namespace

FileDescriptor open_beneath(const std::filesystem::path& volume, const std::string& sub_path,
                            std::optional<mode_t> create_mode) {
  if (sub_path.starts_with('/')) throw Error(fmt::format("The subPath \"{}\" must be relative", sub_path));
  if (sub_path.size() > kMaxPath || sub_path.find('\0') != sub_path.npos) {
    throw Error("The subPath is too long or holds a zero byte");
  }
  return SubPathWalk(open_volume(volume), sub_path, create_mode).run();
}

bool mount_sub_path(Mounter& mounter, const std::filesystem::path& volume, const std::string& sub_path,
                    const std::filesystem::path& target) {
  const mode_t mode = about(open_volume(volume)).st_mode & 07777U;
  const FileDescriptor source = open_beneath(volume, sub_path, mode);
  const struct stat from = about(source);
  if (mounter.is_mount_point(target)) {
    if (same_inode(from, target)) return false;
    while (mounter.unmount(target)) {
    }
  }
  make_target(target, S_ISDIR(from.st_mode));
  mounter.bind(source, target);
  return true;
}

}  // namespace edgecore::edged
