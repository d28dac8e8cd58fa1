// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/cgroups/cgroup_files.hpp"
#include "edged/eviction/eviction.hpp"

/// Usage of pods, for eviction (protocol/05-edged.md §1.17).
namespace edgecore::edged {

struct PodFootprint {
  PodUsage usage;
  LocalStorageUsage storage;
};
using PodFootprints = std::map<std::string, PodFootprint>;  ///< by UID

/// Bytes of the file `path`, or of the directory and all below it on its file system, however deep. Does not
/// follow links or enter other file systems; ignores files that vanish meanwhile or cannot be read. 0 if
/// `path` does not exist. Blocks.
std::int64_t bytes_below(const std::filesystem::path& path);

/// Whether the pod has limits on local storage.
bool limits_local_storage(const kube::Pod& pod);

/// Measures the usage of pods; a seam for tests. Belongs to edged's thread.
class PodUsageReader {
 public:
  virtual ~PodUsageReader() = default;
  /// `disk`: measures disk usage as well, for which directories are walked. An unknown pod uses nothing.
  /// Throws CallError, and Error if the pool is full.
  virtual boost::asio::awaitable<PodFootprints> read(std::vector<kube::PodPtr> pods, bool disk) = 0;
};

/// Measures this machine: the runtime's container stats, the pods' cgroups, logs, and everything in the pods'
/// directories that is on the disk: volumes, termination logs, /etc/hosts.
class MachinePodUsage final : public PodUsageReader {
 public:
  struct Deps {
    cri::Runtime& runtime;
    BlockingPool& pool;
    log::Logger log;
    std::filesystem::path pod_logs;
    std::function<std::filesystem::path(const std::string& uid)> pod_directory;
    /// nullptr without pod cgroups.
    std::function<CgroupFiles*()> cgroups;
    std::function<std::string(const kube::Pod& pod)> cgroup_of;
  };
  explicit MachinePodUsage(Deps deps) : deps_(std::move(deps)) {}
  boost::asio::awaitable<PodFootprints> read(std::vector<kube::PodPtr> pods, bool disk) override;

 private:
  boost::asio::awaitable<void> measure_files(kube::PodPtr pod, PodFootprint& into);
  [[nodiscard]] std::int64_t processes(const kube::Pod& pod) const;

  Deps deps_;
  std::map<std::string, std::weak_ptr<int>> walks_;  ///< by UID: held by the pool while it walks
};

}  // namespace edgecore::edged
