// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/host/mounts.hpp"
#include "edged/spec/environment.hpp"
#include "edged/volumes/pod_directories.hpp"
#include "edged/volumes/volume_content.hpp"

namespace edgecore::edged {

/// Everything that the work on a pod's volumes needs, as values: it runs on a pool thread.
struct SetupPlan {
  kube::PodPtr pod;
  PodFacts facts;
  ContentObjects found;
  PodDirectories directories;
};

struct SetupResult {
  bool changed = false;
  std::vector<std::string> problems;  ///< a sentence for each volume that failed; empty = all in place
};

/// Makes the pod's volumes (protocol/05-edged.md §2). A volume that fails does not affect the others. Blocks.
SetupResult set_up_volumes(Mounter& mounter, const Clock& clock, const SetupPlan& plan);

struct ContainerMountPlan {
  kube::PodPtr pod;
  kube::Container container;
  std::vector<std::string> sub_paths;  ///< one for each volumeMount, expanded; "" = the whole volume
  PodDirectories directories;
};
/// The host path of each volumeMount of a container; mounts subPaths (§2.8). Throws ContainerConfigError.
/// Blocks.
std::vector<std::string> mount_paths(Mounter& mounter, const ContainerMountPlan& plan);

/// nullptr if the pod has no volume of that name.
const kube::Volume* find_volume(const kube::Pod& pod, const std::string& name);

}  // namespace edgecore::edged
