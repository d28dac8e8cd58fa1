// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>

#include "edgecore/base/error.hpp"
#include "edgecore/base/process.hpp"

namespace edgecore::edged {

/// How a directory is opened that may be exchanged for a link meanwhile.
inline constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseDirectory {
  void operator()(DIR* stream) const { ::closedir(stream); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

/// The entries of a directory; throws SystemError.
inline DirectoryStream directory_stream(FileDescriptor opened) {
  DirectoryStream stream(::fdopendir(opened.get()));
  if (!stream) throw SystemError("cannot list a directory", errno);
  static_cast<void>(opened.release());
  return stream;
}

}  // namespace edgecore::edged
