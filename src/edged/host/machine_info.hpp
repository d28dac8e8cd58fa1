// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace edgecore::edged {

/// The machine's part of the node's status (protocol/05-edged.md §3.3). Read once at the start: none of it
/// changes while the process lives.
struct MachineInfo {
  std::string machine_id, system_uuid, boot_id, kernel_version, os_image, architecture;
  std::int64_t cores = 1;
  std::int64_t memory_kib = 0;
  /// Page size as resources name it ("2Mi", "1Gi") → bytes reserved.
  std::map<std::string, std::int64_t> huge_pages;
};

/// Reads /proc, /sys and /etc below `root` (tests use another one); what is missing stays empty or zero.
/// Small kernel files: does not block.
MachineInfo read_machine_info(const std::filesystem::path& root = "/");

/// Kubernetes' name of the architecture this program was built for: "amd64", "arm64", "arm" …
std::string architecture();

/// Size in bytes of the file system that holds `path`; 0 if it cannot be read. May block on a dead network
/// file system.
std::int64_t filesystem_capacity(const std::filesystem::path& path);

}  // namespace edgecore::edged
