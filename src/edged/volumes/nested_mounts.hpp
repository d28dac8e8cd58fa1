// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "edgecore/kube/pod.hpp"

/// Mounts of containers that lie inside mounts of content volumes (ConfigMap, Secret, projected, downward
/// API). Those are mounted read-only, so the runtime cannot make the mount points: they are made in the
/// volume before, as kubelet does.
namespace edgecore::edged {

/// The paths in the volume, relative to it, at which containers mount something else; of those inside one
/// another the outermost. Sorted, each once.
std::vector<std::string> nested_mount_points(const kube::Pod& pod, const std::string& volume);

/// Makes directories of mode 0755 below `volume`, whose content is written, for those points at which there
/// is nothing. What is there stays: a file of the volume is a mount point, too. Does not follow links.
/// Blocks. Throws SystemError.
void make_mount_points(const std::filesystem::path& volume, const std::vector<std::string>& points);

}  // namespace edgecore::edged
