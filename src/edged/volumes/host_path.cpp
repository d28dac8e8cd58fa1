// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/host_path.hpp"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/process.hpp"

namespace edgecore::edged {
namespace {

struct HostPathKind {
  const char* type;
  const char* noun;
  mode_t format;
};
constexpr HostPathKind kKinds[] = {{"Directory", "a directory", S_IFDIR},
                                   {"DirectoryOrCreate", "a directory", S_IFDIR},
                                   {"File", "a file", S_IFREG},
                                   {"FileOrCreate", "a file", S_IFREG},
                                   {"Socket", "a socket file", S_IFSOCK},
                                   {"CharDevice", "a character device", S_IFCHR},
                                   {"BlockDevice", "a block device", S_IFBLK}};

/// Containers that are not root read it, whatever the umask is.
void create_file(const std::string& path) {
  constexpr mode_t kMode = 0644;
  constexpr int kFlags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK;
  FileDescriptor file(::open(path.c_str(), kFlags | O_EXCL, kMode));
  // Only the mode of a file made here is set: what appeared meanwhile may be a link to any file of the host.
  const bool ours = file.valid();
  if (!ours && errno == EEXIST) file = FileDescriptor(::open(path.c_str(), kFlags, kMode));
  if (!file.valid() || (ours && ::fchmod(file.get(), kMode) != 0))
    throw SystemError("cannot create the file " + path + " of a hostPath volume", errno);
}

void create(const kube::HostPathSource& source) {
  if (source.type == "DirectoryOrCreate") make_directories(source.path, 0755);
  if (source.type == "FileOrCreate") create_file(source.path);
}

}  // namespace

void prepare_host_path(const kube::HostPathSource& source) {
  for (const auto& element : std::filesystem::path(source.path)) {
    if (element == "..") throw Error(fmt::format("hostPath {} must not hold '..'", source.path));
  }
  if (source.type.empty()) return;
  for (const auto& kind : kKinds) {
    if (source.type != kind.type) continue;
    struct stat about {};
    if (::stat(source.path.c_str(), &about) != 0) {
      if (errno != ENOENT) throw SystemError("hostPath " + source.path + " cannot be checked", errno);
      create(source);
    }
    if (::stat(source.path.c_str(), &about) != 0 || (about.st_mode & S_IFMT) != kind.format) {
      throw Error(fmt::format("hostPath type check failed: {} is not {}", source.path, kind.noun));
    }
    return;
  }
  throw Error(fmt::format("hostPath {} has the unknown type \"{}\"", source.path, source.type));
}

}  // namespace edgecore::edged
