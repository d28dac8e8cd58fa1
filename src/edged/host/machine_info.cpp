// SPDX-License-Identifier: Apache-2.0
#include "edged/host/machine_info.hpp"

#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <string_view>
#include <system_error>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"

namespace edgecore::edged {
namespace {

constexpr std::size_t kFileBytes = 1U << 20U;

/// Text files end with a line feed, files of a device tree with a NUL.
std::string read_trimmed(const std::filesystem::path& path) {
  constexpr std::string_view blank(" \t\r\n\0", 5);
  try {
    return std::string(trimmed(read_file(path, kFileBytes).value_or(""), blank));
  } catch (const Error&) {
    return {};
  }
}

std::int64_t leading_number(std::string_view text) {
  const auto first = text.find_first_of("0123456789");
  if (first == std::string_view::npos) return 0;
  std::int64_t value = 0;
  std::from_chars(text.data() + first, text.data() + text.size(), value);
  return value;
}

/// The value of `key` in lines like `KEY=value`, without quotes.
std::string assignment(const std::string& text, const std::string& key) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (line.starts_with(key + "=")) {
      std::string value(trimmed(line.substr(key.size() + 1)));
      if (value.size() >= 2 && (value.front() == '"' || value.front() == '\''))
        value = value.substr(1, value.size() - 2);
      return value;
    }
    at = end + 1;
  }
  return {};
}

std::int64_t memory_kib(const std::string& meminfo) {
  const auto at = meminfo.find("MemTotal:");
  return at == std::string::npos ? 0 : leading_number(std::string_view(meminfo).substr(at, 64));
}

std::map<std::string, std::int64_t> huge_pages(const std::filesystem::path& directory) {
  std::map<std::string, std::int64_t> pages;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(directory, missing)) {
    const std::int64_t size_kib = leading_number(entry.path().filename().string());  // hugepages-2048kB
    if (size_kib <= 0) continue;
    const std::int64_t count = leading_number(read_trimmed(entry.path() / "nr_hugepages"));
    std::string name = std::to_string(size_kib) + "Ki";
    if (size_kib % (1024 * 1024) == 0) {
      name = std::to_string(size_kib / (1024 * 1024)) + "Gi";
    } else if (size_kib % 1024 == 0) {
      name = std::to_string(size_kib / 1024) + "Mi";
    }
    pages[name] = count * size_kib * 1024;
  }
  return pages;
}

std::string system_uuid(const std::filesystem::path& root, const std::string& fallback) {
  for (const char* file :
       {"sys/class/dmi/id/product_uuid", "proc/device-tree/system-id", "proc/device-tree/vm,uuid"}) {
    std::string uuid = read_trimmed(root / file);
    if (!uuid.empty()) return uuid;
  }
  return fallback;
}

}  // namespace

std::string architecture() {
#if defined(__x86_64__)
  return "amd64";
#elif defined(__aarch64__)
  return "arm64";
#elif defined(__arm__)
  return "arm";
#elif defined(__i386__)
  return "386";
#elif defined(__riscv) && __riscv_xlen == 64
  return "riscv64";
#elif defined(__powerpc64__)
  return "ppc64le";
#elif defined(__s390x__)
  return "s390x";
#else
#error "say which name Kubernetes has for this architecture"
#endif
}

MachineInfo read_machine_info(const std::filesystem::path& root) {
  MachineInfo info;
  info.machine_id = read_trimmed(root / "etc/machine-id");
  if (info.machine_id.empty()) info.machine_id = read_trimmed(root / "var/lib/dbus/machine-id");
  info.system_uuid = system_uuid(root, info.machine_id);
  info.boot_id = read_trimmed(root / "proc/sys/kernel/random/boot_id");
  info.kernel_version = read_trimmed(root / "proc/sys/kernel/osrelease");
  std::string release = read_trimmed(root / "etc/os-release");
  if (release.empty()) release = read_trimmed(root / "usr/lib/os-release");
  info.os_image = assignment(release, "PRETTY_NAME");
  info.architecture = architecture();
  info.cores = std::max<std::int64_t>(1, ::sysconf(_SC_NPROCESSORS_ONLN));
  info.memory_kib = memory_kib(read_trimmed(root / "proc/meminfo"));
  info.huge_pages = huge_pages(root / "sys/kernel/mm/hugepages");
  return info;
}

std::int64_t filesystem_capacity(const std::filesystem::path& path) {
  struct statvfs info {};
  // The directory may not exist yet: use its nearest existing parent, which is on the same file system.
  for (std::filesystem::path at = path; !at.empty(); at = at.parent_path()) {
    if (::statvfs(at.c_str(), &info) == 0) {
      return static_cast<std::int64_t>(info.f_blocks) * static_cast<std::int64_t>(info.f_frsize);
    }
    if (at == at.root_path()) break;
  }
  return 0;
}

}  // namespace edgecore::edged
