// SPDX-License-Identifier: Apache-2.0
#include "edged/logs/log_files.hpp"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>
#include <set>
#include <system_error>

#include "edgecore/base/error.hpp"
#include "edgecore/cri/container_logs.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCompressed = ".gz";
constexpr std::string_view kTemporary = ".tmp";
class File {
 public:
  File(const fs::path& path, int flags, mode_t mode = 0) : path_(path) {
    fd_ = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd_ < 0) throw SystemError("The log file " + path_.string() + " could not be opened", errno);
    if ((flags & O_CREAT) != 0) ::fchmod(fd_, mode);  // a log collector that is not root goes on reading
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(fd_); }

  std::size_t read(char* into, std::size_t most) const {
    for (;;) {
      const ssize_t count = ::read(fd_, into, most);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) throw SystemError("The log file " + path_.string() + " could not be read", errno);
    }
  }
  void write(const char* data, std::size_t size) const {
    while (size > 0) {
      const ssize_t count = ::write(fd_, data, size);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw SystemError("The log file " + path_.string() + " could not be written", errno);
      data += count;
      size -= static_cast<std::size_t>(count);
    }
  }
  void sync() const {
    if (::fdatasync(fd_) != 0)
      throw SystemError("The log file " + path_.string() + " could not be synced", errno);
  }
  [[nodiscard]] mode_t mode() const {
    struct ::stat about {};
    return ::fstat(fd_, &about) == 0 ? about.st_mode & 07777 : 0640;
  }

 private:
  fs::path path_;
  int fd_ = -1;
};

/// Compresses all of `from` into `to`.
void deflate_file(const File& from, const File& to) {
  constexpr std::size_t kPiece = 32UL * 1024;
  constexpr int kGzipWindow = 15 + 16;  // asks zlib for a gzip header
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw Error("not enough memory to compress a log");
  const std::unique_ptr<z_stream, decltype(&::deflateEnd)> owner(&stream, &::deflateEnd);
  std::vector<char> in(kPiece), out(kPiece);
  bool last = false;
  while (!last) {
    const std::size_t count = from.read(in.data(), in.size());
    last = count == 0;
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(count);
    do {
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      if (::deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR)
        throw Error("zlib cannot compress the log");
      to.write(out.data(), out.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }
}

/// Renames without replacing an existing file.
void rename_new(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  int error = errno;
  if (error == EINVAL || error == ENOSYS) {  // a file system that does not know this way
    std::error_code unknown;
    error = EEXIST;
    if (!fs::exists(fs::symlink_status(to, unknown)))
      error = ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  }
  if (error != 0)
    throw SystemError("The log " + from.string() + " could not be renamed to " + to.filename().string(),
                      error);
}

std::vector<std::string> files_beside(const fs::path& log) {
  const auto directory = cri::LogDirectory::open(log.parent_path());
  if (!directory) throw Error("The directory of the log " + log.string() + " does not exist");
  return directory->files(log.filename().string() + ".");
}

}  // namespace

LogHousekeeping plan_log_housekeeping(std::string_view log_name, std::vector<std::string> beside,
                                      const LogRotationPolicy& policy) {
  std::sort(beside.begin(), beside.end());
  const std::set<std::string> all(beside.begin(), beside.end());
  LogHousekeeping plan;
  std::vector<std::string> rotated;  // oldest first: names sort by their time stamp
  for (auto& name : beside) {
    const bool broken_off = name.ends_with(kTemporary);
    const bool done_already = !name.ends_with(kCompressed) && all.contains(name + std::string(kCompressed));
    (broken_off || done_already ? plan.remove : rotated).push_back(std::move(name));
  }
  std::stable_sort(rotated.begin(), rotated.end(), [&](const std::string& a, const std::string& b) {
    return cri::rotated_log_stamp(a, log_name) < cri::rotated_log_stamp(b, log_name);
  });
  const auto kept = static_cast<std::size_t>(
      std::max(0, policy.max_files - 2));  // the live log and the one about to be rotated count as well
  const std::size_t excess = rotated.size() > kept ? rotated.size() - kept : 0;
  for (std::size_t i = 0; i < rotated.size(); ++i) {
    if (i < excess) {
      plan.remove.push_back(std::move(rotated[i]));
    } else if (!rotated[i].ends_with(kCompressed)) {
      plan.compress.push_back(std::move(rotated[i]));
    }
  }
  return plan;
}

std::string rotated_log_name(std::string_view log_name, const std::vector<std::string>& beside,
                             WallTime now) {
  std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  for (const auto& name : beside) {
    const auto taken = cri::log_stamp_time(cri::rotated_log_stamp(name, log_name));
    if (taken && *taken >= seconds) seconds = *taken + 1;
  }
  return std::string(log_name) + "." + cri::log_stamp(seconds);
}

void compress_log(const fs::path& file) {
  const fs::path temporary = file.string() + std::string(kTemporary);
  const fs::path compressed = file.string() + std::string(kCompressed);
  try {
    const File from(file, O_RDONLY);
    const File to(temporary, O_WRONLY | O_CREAT | O_TRUNC, from.mode());
    deflate_file(from, to);
    to.sync();
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  if (::rename(temporary.c_str(), compressed.c_str()) != 0)
    throw SystemError("The log " + temporary.string() + " could not be renamed", errno);
  if (::unlink(file.c_str()) != 0 && errno != ENOENT)
    throw SystemError("The log " + file.string() + " could not be removed", errno);
}

LogMoved move_log_aside(const fs::path& log, const LogRotationPolicy& policy, WallTime now) {
  std::error_code unknown;
  if (!fs::is_regular_file(fs::symlink_status(log, unknown))) throw Error("it is not a plain file");
  const std::string name = log.filename().string();
  const auto plan = plan_log_housekeeping(name, files_beside(log), policy);
  LogMoved moved;
  for (const auto& old : plan.remove) {
    std::error_code error;
    fs::remove(log.parent_path() / old, error);
    if (error) moved.complaints.push_back("The old log " + old + " could not be removed: " + error.message());
  }
  for (const auto& plain : plan.compress) {
    try {
      compress_log(log.parent_path() / plain);
    } catch (const Error& error) {
      moved.complaints.emplace_back(error.what());
    }
  }
  moved.path = log.parent_path() / rotated_log_name(name, files_beside(log), now);
  rename_new(log, moved.path);
  return moved;
}

void move_log_back(const fs::path& rotated, const fs::path& log) {
  try {
    rename_new(rotated, log);
  } catch (const SystemError& error) {
    if (error.code() != EEXIST && error.code() != ENOENT) throw;
  }
}

}  // namespace edgecore::edged
