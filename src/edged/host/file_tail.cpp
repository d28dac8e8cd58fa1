// SPDX-License-Identifier: Apache-2.0
#include "edged/host/file_tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "edgecore/base/error.hpp"
#include "edgecore/base/process.hpp"

namespace edgecore::edged {

std::optional<std::string> file_tail(const std::filesystem::path& path, std::size_t bytes) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!file.valid()) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENXIO) return std::nullopt;
    throw SystemError("Cannot open " + path.string(), errno);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw SystemError("Cannot stat " + path.string(), errno);
  if (!S_ISREG(info.st_mode)) return std::nullopt;

  const off_t from = std::max<off_t>(0, info.st_size - static_cast<off_t>(bytes));
  std::string text(bytes, '\0');
  std::size_t got = 0;
  while (got < bytes) {
    const ssize_t count = ::pread(file.get(), text.data() + got, bytes - got, from + static_cast<off_t>(got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw SystemError("Cannot read " + path.string(), errno);
    if (count == 0) break;
    got += static_cast<std::size_t>(count);
  }
  text.resize(got);
  return text;
}

}  // namespace edgecore::edged
