// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/cri/container_logs.hpp"

namespace edgecore::cri {
namespace {

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr std::size_t kCompressedPiece = 16UL * 1024;

struct ::stat about(int fd, const std::string& name) {
  struct ::stat info {};
  if (::fstat(fd, &info) != 0) throw SystemError("The log " + name + " cannot be read", errno);
  return info;
}

bool is_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

}  // namespace

// ---- A file

std::uint64_t LogFile::size() const {
  return static_cast<std::uint64_t>(about(fd_.get(), name_).st_size);
}

bool LogFile::is_same_as(const LogFile& other) const {
  const auto mine = about(fd_.get(), name_);
  const auto theirs = about(other.fd_.get(), other.name_);
  return mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino;
}

std::size_t LogFile::read_at(std::uint64_t offset, char* into, std::size_t most) const {
  for (;;) {
    const ssize_t count = ::pread(fd_.get(), into, most, static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw SystemError("The log " + name_ + " cannot be read", errno);
  }
}

// ---- A compressed one

struct GzipReader::State {
  LogFilePtr file;
  z_stream stream{};
  std::uint64_t offset = 0;
  bool over = false;
  std::array<char, kCompressedPiece> in{};
};

GzipReader::GzipReader(LogFilePtr file) : state_(std::make_unique<State>()) {
  constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for gzip
  state_->file = std::move(file);
  if (::inflateInit2(&state_->stream, kGzipWindow) != Z_OK)
    throw Error("not enough memory to read a compressed log");
}

GzipReader::~GzipReader() {
  ::inflateEnd(&state_->stream);
}

std::size_t GzipReader::read(char* into, std::size_t most) {
  z_stream& stream = state_->stream;
  stream.next_out = reinterpret_cast<Bytef*>(into);
  stream.avail_out = static_cast<uInt>(most);
  while (!state_->over && stream.avail_out > 0) {
    if (stream.avail_in == 0) {
      const std::size_t count = state_->file->read_at(state_->offset, state_->in.data(), state_->in.size());
      if (count == 0) break;
      state_->offset += count;
      stream.next_in = reinterpret_cast<Bytef*>(state_->in.data());
      stream.avail_in = static_cast<uInt>(count);
    }
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {  // another one may follow
      state_->over = ::inflateReset(&stream) != Z_OK;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      state_->over = true;
    }
  }
  return most - stream.avail_out;
}

// ---- A directory

std::optional<LogDirectory> LogDirectory::open(const std::filesystem::path& directory) {
  FileDescriptor at(::open(directory.c_str(), kDirectoryFlags));
  if (!at.valid() && errno == ENOENT) return std::nullopt;
  if (!at.valid()) throw SystemError("The directory " + directory.string() + " cannot be opened", errno);
  return LogDirectory(std::move(at));
}

std::optional<LogDirectory> LogDirectory::open(const std::filesystem::path& root,
                                               const std::string& pod_directory,
                                               const std::string& container) {
  auto start = open(root);
  if (!start) return std::nullopt;
  FileDescriptor at = std::move(start->fd_);
  for (const auto& part : {pod_directory, container}) {
    if (!is_name(part)) throw BadInput(log::quote(part) + " is not the name of a log directory");
    FileDescriptor next(::openat(at.get(), part.c_str(), kDirectoryFlags | O_NOFOLLOW));
    if (!next.valid() && errno == ENOENT) return std::nullopt;
    if (!next.valid())
      throw SystemError("The log directory " + log::quote(part) + " cannot be opened", errno);
    at = std::move(next);
  }
  return LogDirectory(std::move(at));
}

std::vector<std::string> LogDirectory::files(std::string_view start) const {
  // Opens another descriptor: duplicates would share the position in the directory.
  FileDescriptor own(::openat(fd_.get(), ".", kDirectoryFlags));
  if (!own.valid()) throw SystemError("A log directory cannot be opened", errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(own.get()), &::closedir);
  if (listing == nullptr) throw SystemError("A log directory cannot be listed", errno);
  own.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(listing.get());
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (!name.starts_with(start)) continue;
    struct ::stat info {};
    if (::fstatat(fd_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode))
      names.push_back(std::move(name));
  }
  if (errno != 0) throw SystemError("A log directory cannot be listed", errno);
  return names;
}

LogFilePtr LogDirectory::open_file(const std::string& name) const {
  if (!is_name(name)) throw BadInput(log::quote(name) + " is not the name of a log");
  FileDescriptor file(
      ::openat(fd_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!file.valid()) {
    if (errno == ENOENT) return nullptr;
    if (errno == ELOOP || errno == ENXIO) throw Error("The log " + name + " is not a plain file");
    throw SystemError("The log " + name + " cannot be opened", errno);
  }
  if (!S_ISREG(about(file.get(), name).st_mode)) throw Error("The log " + name + " is not a plain file");
  return std::make_shared<const LogFile>(std::move(file), name);
}

}  // namespace edgecore::cri
