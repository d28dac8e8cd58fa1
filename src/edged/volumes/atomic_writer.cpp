// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/atomic_writer.hpp"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <random>
#include <set>
#include <string_view>

#include "edgecore/base/error.hpp"
#include "edged/host/directory_tree.hpp"

namespace edgecore::edged {
namespace {

constexpr const char* kData = "..data";
constexpr const char* kDataTemporary = "..data_tmp";
constexpr const char* kLinkTemporary = "..link_tmp";
constexpr std::size_t kMaxElement = 255;

std::vector<std::string> elements(const std::string& path) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= path.size(); ++i) {
    if (i == path.size() || path[i] == '/') {
      out.push_back(path.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  return out;
}

std::string first_element(const std::string& path) {
  return path.substr(0, path.find('/'));
}

/// The target of a link; nullopt if there is no such link.
std::optional<std::string> read_link(const FileDescriptor& in, const std::string& name) {
  char target[kMaxPath + 1];
  const ssize_t length = ::readlinkat(in.get(), name.c_str(), target, sizeof target);
  if (length < 0) return std::nullopt;
  return std::string(target, static_cast<std::size_t>(length));
}

void write_all(const FileDescriptor& file, std::string_view data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t wrote = ::write(file.get(), data.data(), data.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) throw SystemError("cannot write the file " + path + " of a volume", errno);
    data.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

/// Group and modes of files and directories once the volume's group has been applied.
struct Looks {
  std::optional<gid_t> group;
  [[nodiscard]] mode_t file(mode_t mode) const { return (mode & 07777U) | (group ? 0440U : 0U); }
  [[nodiscard]] mode_t directory() const { return group ? 02755U : 0755U; }
};

void set_looks(const FileDescriptor& of, std::optional<uid_t> owner, const Looks& looks, mode_t mode,
               const std::string& path) {
  // The owner first: chown may clear mode bits.
  const uid_t user = owner.value_or(static_cast<uid_t>(-1));
  const gid_t group = looks.group.value_or(static_cast<gid_t>(-1));
  if ((owner || looks.group) && ::fchown(of.get(), user, group) != 0) {
    throw SystemError("cannot set the owner of " + path + " in a volume", errno);
  }
  if (::fchmod(of.get(), mode) != 0)
    throw SystemError("cannot set the mode of " + path + " in a volume", errno);
}

FileDescriptor make_subdirectory(const FileDescriptor& in, const std::string& name, const Looks& looks) {
  const bool made = ::mkdirat(in.get(), name.c_str(), 0700) == 0;
  if (!made && errno != EEXIST)
    throw SystemError("cannot make the directory " + name + " in a volume", errno);
  FileDescriptor opened = open_directory_at(in, name);
  if (!opened.valid()) throw SystemError("cannot open the directory " + name + " in a volume", ENOENT);
  if (made) set_looks(opened, std::nullopt, looks, looks.directory(), name);
  return opened;
}

void write_file(const FileDescriptor& root, const std::string& path, const ContentFile& content,
                const Looks& looks) {
  const auto parts = elements(path);
  FileDescriptor inside;
  const FileDescriptor* at = &root;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    inside = make_subdirectory(*at, parts[i], looks);
    at = &inside;
  }
  const FileDescriptor file(
      ::openat(at->get(), parts.back().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) throw SystemError("cannot make the file " + path + " in a volume", errno);
  write_all(file, content.data, path);
  set_looks(file, content.owner, looks, looks.file(content.mode), path);
}

/// Compares the files below `directory` with `payload`; counts down those that are identical.
bool matches(const FileDescriptor& directory, const std::string& prefix, const Payload& payload,
             const Looks& looks, std::size_t& found) {
  for (const auto& name : directory_entries(directory)) {
    const std::string path = prefix + name;
    struct stat about {};
    if (::fstatat(directory.get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return false;
    if (looks.group && about.st_gid != *looks.group) return false;
    if (S_ISDIR(about.st_mode)) {
      const FileDescriptor inside = open_directory_at(directory, name);
      if (!inside.valid() || !matches(inside, path + "/", payload, looks, found)) return false;
      continue;
    }
    const auto wanted = payload.find(path);
    if (wanted == payload.end() || !S_ISREG(about.st_mode)) return false;
    const ContentFile& file = wanted->second;
    if ((about.st_mode & 07777U) != looks.file(file.mode) ||
        static_cast<std::size_t>(about.st_size) != file.data.size() ||
        (file.owner && about.st_uid != *file.owner)) {
      return false;
    }
    const FileDescriptor opened(::openat(directory.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    std::string data(file.data.size(), '\0');
    if (!opened.valid() ||
        ::pread(opened.get(), data.data(), data.size(), 0) != static_cast<ssize_t>(data.size()) ||
        data != file.data) {
      return false;
    }
    ++found;
  }
  return true;
}

/// The target of `..data` if it holds exactly the payload; "" otherwise.
std::string same_set(const FileDescriptor& volume, const Payload& payload, const Looks& looks) {
  const auto target = read_link(volume, kData);
  if (!target || !target->starts_with("..") || *target == ".." || target->find('/') != target->npos)
    return {};
  struct stat about {};
  if (::fstatat(volume.get(), target->c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return {};
  if (!S_ISDIR(about.st_mode) || (looks.group && about.st_gid != *looks.group)) return {};
  const FileDescriptor directory = open_directory_at(volume, *target);
  std::size_t found = 0;
  if (!directory.valid() || !matches(directory, "", payload, looks, found)) return {};
  return found == payload.size() ? *target : std::string();
}

std::string timestamp_name(const Clock& clock) {
  const std::time_t now = std::chrono::system_clock::to_time_t(clock.wall());
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "..%Y_%m_%d_%H_%M_%S.", &utc);
  std::random_device random;
  return text + fmt::format("{:09}", random() % 1'000'000'000U);
}

std::string make_timestamp_directory(const FileDescriptor& volume, const Clock& clock) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    std::string name = timestamp_name(clock);
    if (::mkdirat(volume.get(), name.c_str(), 0700) == 0) return name;
    if (errno != EEXIST) throw SystemError("cannot make a directory in a volume", errno);
  }
  throw SystemError("cannot make a directory in a volume", EEXIST);
}

/// Makes a symbolic link that atomically replaces what has its name.
void replace_link(const FileDescriptor& volume, const std::string& target, const std::string& name) {
  ::unlinkat(volume.get(), kLinkTemporary, 0);
  if (::symlinkat(target.c_str(), volume.get(), kLinkTemporary) != 0 ||
      ::renameat(volume.get(), kLinkTemporary, volume.get(), name.c_str()) != 0) {
    const int why = errno;
    ::unlinkat(volume.get(), kLinkTemporary, 0);
    throw SystemError("cannot make the link " + name + " in a volume", why);
  }
}

void make_user_links(const FileDescriptor& volume, const std::set<std::string>& names) {
  for (const auto& name : names) {
    const std::string target = std::string(kData) + "/" + name;
    if (read_link(volume, name) == target) continue;
    // An empty directory is left by a subPath mount of a key that did not exist yet.
    ::unlinkat(volume.get(), name.c_str(), AT_REMOVEDIR);
    replace_link(volume, target, name);
  }
}

void remove_obsolete_links(const FileDescriptor& volume, const std::set<std::string>& names) {
  for (const auto& name : directory_entries(volume)) {
    if (name.starts_with("..") || names.contains(name)) continue;
    const auto target = read_link(volume, name);
    if (!target || !target->starts_with(std::string(kData) + "/")) continue;
    if (::unlinkat(volume.get(), name.c_str(), 0) != 0) {
      throw SystemError("cannot remove the link " + name + " of a volume", errno);
    }
  }
}

void remove_old_sets(const FileDescriptor& volume, const std::string& current) {
  struct stat about {};
  if (::fstat(volume.get(), &about) != 0) throw SystemError("cannot look at a volume", errno);
  for (const auto& name : directory_entries(volume)) {
    if (!name.starts_with("..") || name == kData || name == current) continue;
    remove_tree_at(volume, name, about.st_dev);
  }
}

}  // namespace

void check_payload_path(const std::string& path) {
  const auto refuse = [&](const char* why) {
    throw BadInput(fmt::format("The path \"{}\" cannot be a file of a volume: it {}", path, why));
  };
  if (path.empty()) refuse("is empty");
  if (path.size() > kMaxPath) refuse("is longer than 4096 bytes");
  if (path.find('\0') != path.npos) refuse("holds a zero byte");
  if (path.front() == '/') refuse("is absolute");
  if (path.starts_with("..")) refuse("starts with '..'");
  for (const auto& element : elements(path)) {
    if (element.empty() || element == "." || element == "..")
      refuse("has an element that is '', '.' or '..'");
    if (element.size() > kMaxElement) refuse("has an element longer than 255 bytes");
  }
}

bool AtomicWriter::write(const Payload& payload) {
  std::set<std::string> names;
  for (const auto& [path, file] : payload) {
    check_payload_path(path);
    names.insert(first_element(path));
  }
  const Looks looks{options_.fs_group};
  const FileDescriptor volume = open_directory(options_.directory);
  std::string current = same_set(volume, payload, looks);
  const bool changes = current.empty();
  if (changes) {
    step(Step::kNewFiles);
    current = make_timestamp_directory(volume, *options_.clock);
    const FileDescriptor fresh = open_directory_at(volume, current);
    set_looks(fresh, std::nullopt, looks, looks.directory(), current);
    for (const auto& [path, file] : payload) write_file(fresh, path, file, looks);
    step(Step::kPrepareLink);
    ::unlinkat(volume.get(), kDataTemporary, 0);
    if (::symlinkat(current.c_str(), volume.get(), kDataTemporary) != 0) {
      throw SystemError("cannot make a link in the volume " + options_.directory.string(), errno);
    }
    step(Step::kSwitch);
    if (::renameat(volume.get(), kDataTemporary, volume.get(), kData) != 0) {
      throw SystemError("cannot switch the volume " + options_.directory.string() + " to its new content",
                        errno);
    }
  }
  step(Step::kUserLinks);
  make_user_links(volume, names);
  step(Step::kObsoleteLinks);
  remove_obsolete_links(volume, names);
  step(Step::kRemoveOld);
  remove_old_sets(volume, current);
  step(Step::kDone);
  return changes;
}

}  // namespace edgecore::edged
