// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/base/uuid.hpp"

namespace edgecore {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

void write_all(int fd, std::string_view data, const std::filesystem::path& path) {
  while (!data.empty()) {
    const ssize_t wrote = ::write(fd, data.data(), data.size());
    if (wrote < 0) {
      if (errno == EINTR) continue;
      throw SystemError("cannot write " + path.string(), errno);
    }
    data.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

void sync_directory(const std::filesystem::path& directory) {
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) {
    throw SystemError("cannot flush directory " + directory.string(), errno);
  }
}

/// Writes a temporary file beside `path` and renames it to `path`.
void swap_in(const std::filesystem::path& directory, const std::filesystem::path& path, std::string_view data,
             mode_t mode, bool flush) {
  const auto temporary = directory / ("." + path.filename().string() + "." + uuid_v4() + ".tmp");
  try {
    const Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (fd.get() < 0) throw SystemError("cannot create " + temporary.string(), errno);
    if (::fchmod(fd.get(), mode) != 0)
      throw SystemError("cannot set the mode of " + temporary.string(), errno);
    write_all(fd.get(), data, temporary);
    if (flush && ::fsync(fd.get()) != 0) throw SystemError("cannot flush " + temporary.string(), errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
      throw SystemError("cannot replace " + path.string(), errno);
    }
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

void write_file_atomic(const std::filesystem::path& path, std::string_view data, mode_t mode) {
  const auto directory = directory_of(path);
  swap_in(directory, path, data, mode, true);
  sync_directory(directory);
}

void replace_file(const std::filesystem::path& path, std::string_view data, mode_t mode) {
  try {
    if (read_file(path, data.size()) == data) return;
  } catch (const BadInput&) {  // longer than the wanted content
  }
  swap_in(directory_of(path), path, data, mode, false);
}

std::optional<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw SystemError("cannot open " + path.string(), errno);
  }
  std::string out;
  char buffer[16384];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw SystemError("cannot read " + path.string(), errno);
    }
    if (got == 0) return out;
    if (out.size() + static_cast<std::size_t>(got) > max_bytes) {
      throw BadInput(path.string() + " is larger than the " + std::to_string(max_bytes) + " bytes allowed");
    }
    out.append(buffer, static_cast<std::size_t>(got));
  }
}

bool make_directory(const std::filesystem::path& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0) {
    if (errno == EEXIST) return false;
    throw SystemError("cannot create directory " + path.string(), errno);
  }
  const Descriptor made(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (made.get() < 0 || ::fstat(made.get(), &info) != 0)
    throw SystemError("cannot open the new directory " + path.string(), errno);
  const mode_t wanted = mode | (info.st_mode & S_ISGID);
  if ((info.st_mode & 07777U) != wanted && ::fchmod(made.get(), wanted) != 0)
    throw SystemError("cannot set the mode of directory " + path.string(), errno);
  return true;
}

void make_directories(const std::filesystem::path& path, mode_t mode) {
  if (path.empty() || ::access(path.c_str(), F_OK) == 0) return;
  if (path.has_parent_path() && path.parent_path() != path) make_directories(path.parent_path(), mode);
  make_directory(path, mode);
}

std::optional<LockFile> LockFile::acquire(const std::filesystem::path& path) {
  LockFile lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.fd_ < 0) throw SystemError("cannot open lock file " + path.string(), errno);
  if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    throw SystemError("cannot lock " + path.string(), errno);
  }
  if (::ftruncate(lock.fd_, 0) == 0) write_all(lock.fd_, std::to_string(::getpid()) + "\n", path);
  return lock;
}

LockFile::LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace edgecore
