// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "edged/host/mounts.hpp"
#include "edged/spec/environment.hpp"
#include "edged/volumes/fs_group.hpp"

/// emptyDir volumes (protocol/05-edged.md §2.6); content volumes keep their files in one, too.
namespace edgecore::edged {

struct EmptyDirPlan {
  std::filesystem::path path;
  std::filesystem::path ready;  ///< marker directory: there once the volume was set up; "" = none is kept
  std::string medium;           ///< "", "Memory", "HugePages", "HugePages-2Mi"
  std::uint64_t bytes = 0;      ///< largest size of a tmpfs; 0 = the kernel's default
  std::optional<FsGroup> fs_group = std::nullopt;
};

/// Makes the directory (mode 0777) with what is mounted on it. What is already in place is left alone: true
/// when something was made. Throws Error with a sentence. Blocks.
bool make_empty_dir(Mounter& mounter, const EmptyDirPlan& plan);

/// How large a tmpfs of the pod may grow: the smallest of sizeLimit, the pod's memory limit (when all
/// its containers have one) and the node's allocatable memory; 0 when none is known.
std::uint64_t memory_volume_bytes(const kube::Pod& pod, const std::optional<std::string>& size_limit,
                                  const PodFacts& facts);

}  // namespace edgecore::edged
