// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "edged/host/mounts.hpp"
#include "edged/spec/environment.hpp"
#include "edged/volumes/fs_group.hpp"

/// emptyDir volumes (protocol/05-edged.md §2.6). Content volumes keep their files in one as well.
namespace edgecore::edged {

struct EmptyDirPlan {
  std::filesystem::path path;
  std::filesystem::path ready;  ///< marker directory: exists once the volume was set up; "" = no marker
  std::string medium;           ///< "", "Memory", "HugePages", "HugePages-2Mi"
  std::uint64_t bytes = 0;      ///< largest size of a tmpfs; 0 = the kernel's default
  std::optional<FsGroup> fs_group = std::nullopt;
};

/// Makes the directory (mode 0777) and mounts its medium. Leaves existing ones alone; true if something was
/// made. Throws Error with a sentence. Blocks.
bool make_empty_dir(Mounter& mounter, const EmptyDirPlan& plan);

/// The size limit of a tmpfs of the pod: the smallest of sizeLimit, the pod's memory limit (if all its
/// containers have one) and the node's allocatable memory; 0 if none is known.
std::uint64_t memory_volume_bytes(const kube::Pod& pod, const std::optional<std::string>& size_limit,
                                  const PodFacts& facts);

}  // namespace edgecore::edged
