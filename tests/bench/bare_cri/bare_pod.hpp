// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "edgecore/cri/runtime.hpp"

namespace edgecore::bench {

/// How long calls took, in milliseconds, by the call's name.
using Timings = std::map<std::string, std::vector<double>>;

/// A pod asked of a container runtime with the fewest calls there are: what its life costs before an agent
/// has done anything. Made as edged makes a BestEffort pod of one busybox container that heeds TERM: own
/// cgroup parent, log directory, hosts file and termination log. One thread; outlives its awaitables.
class BarePod {
 public:
  /// `folder` gets a folder for this pod; its cgroup is `cgroup`/pod<uid>.
  BarePod(cri::Runtime& runtime, const std::filesystem::path& folder, const std::string& cgroup,
          const std::string& name);

  /// RunPodSandbox, CreateContainer, StartContainer; then its process runs.
  cri::Awaitable<void> start(Timings& timings);
  /// StopContainer, StopPodSandbox, RemoveContainer, RemovePodSandbox; then nothing of it is left in the
  /// runtime.
  cri::Awaitable<void> end(Timings& timings);

 private:
  cri::Runtime& runtime_;
  cri::PodSandboxConfig sandbox_config_;
  cri::ContainerConfig container_config_;
  std::string sandbox_;
  std::string container_;
};

}  // namespace edgecore::bench
