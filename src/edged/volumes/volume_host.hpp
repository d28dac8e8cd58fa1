// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/host/mounts.hpp"
#include "edged/meta/object_source.hpp"
#include "edged/spec/container_config.hpp"
#include "edged/spec/environment.hpp"

namespace edgecore::edged {

/// What a container is to be created with.
struct ContainerMounts {
  std::vector<ResolvedMount> volumes;  ///< one for each of container.volume_mounts, in order
  std::string termination_log;         ///< new empty file of mode 0666; empty without terminationMessagePath
};

/// The volumes of all pods on this node (protocol/05-edged.md §2, §1.15), as pod workers use them.
///
/// Kinds: emptyDir, hostPath, configMap, secret, projected, downwardAPI. For others set_up fails with a
/// sentence. A restarted module finds everything on disk again: it adopts existing mounts, and directories of
/// the Go edge too.
///
/// All functions are for the module's thread. Overlapping calls for one pod take turns by UID. File and mount
/// calls run on the BlockingPool. A cancelled coroutine waits for the running call, then throws
/// operation_aborted, so that the next one finds finished work; but at most for kInTurn. A call that hangs
/// longer is abandoned; what it makes when it returns is removed as an orphan's. Coroutines of this object
/// must have ended before it is destroyed: await them when the module stops.
class VolumeHost {
 public:
  struct Options {
    std::filesystem::path root = "/var/lib/edged";  ///< rootDirectory
    bool selinux = false;                           ///< the node enforces SELinux
  };
  /// All outlive this object; the clock outlives the pool's threads too.
  struct Deps {
    std::shared_ptr<Mounter> mounter;
    ObjectSource& objects;
    BlockingPool& pool;
    const Clock& clock;
    boost::asio::any_io_executor executor;
  };
  VolumeHost(Options options, Deps deps);
  VolumeHost(const VolumeHost&) = delete;
  VolumeHost& operator=(const VolumeHost&) = delete;
  ~VolumeHost();

  /// Once, before anything else: the root directory and its `pods`, and the root as a shared mount (for
  /// Bidirectional propagation). The failure is for the log: without shared mounts the node still works,
  /// but for that propagation. Throws Error when there are no directories.
  boost::asio::awaitable<Outcome<void>> prepare();

  /// Makes every volume of the pod so, before its containers are created and on every later sync of it. Cheap
  /// (no call to the disk, the pool or the bus) while it succeeded before, the pod's labels, annotations and
  /// volumes are the same, no object was reported by `object_changed` and no token is due. Gives whether a
  /// volume was made or written. The failure's sentence is for the pod's status and the log, such as
  /// `MountVolume.SetUp failed for volume "cfg": configmap "app" not found`; several are joined with "; ".
  /// Volumes that did succeed are kept, and content that was there stays: try again with back-off (500 ms … 2
  /// min).
  boost::asio::awaitable<Outcome<bool>> set_up(kube::PodPtr pod, PodFacts facts);

  /// The mounts of a container about to be created; its pod's volumes are ready. Makes the directories and
  /// bind mounts of subPaths and the termination log. `environment` is the container's finished one (for
  /// subPathExpr). Throws ContainerConfigError.
  boost::asio::awaitable<ContainerMounts> mounts_for(kube::PodPtr pod, const kube::Container& container,
                                                     std::vector<cri::KeyValue> environment);

  /// Unmounts everything below the pod's directory, then removes its volumes and subPath mount points. Call
  /// it when the pod's containers are gone for good. Works from disk and mountinfo alone, so also for unknown
  /// pods. Other files of the pod (termination logs) stay. Idempotent; no error if the pod has no directory.
  /// Throws Error if something is still mounted or in use: try again later.
  boost::asio::awaitable<void> tear_down(std::string uid);

  /// tear_down, then removes the pod's directory with the rest of its files; never crosses into another file
  /// system. For removed pods and orphans. Throws Error like tear_down.
  boost::asio::awaitable<void> remove_pod(std::string uid);

  /// The UIDs below `pods` that are not in `known`, mounted or not: vanished pods. Only meaningful after the
  /// first full list of pods. Pass each to remove_pod.
  boost::asio::awaitable<std::vector<std::string>> orphans(std::set<std::string> known);

  /// A ConfigMap or Secret was inserted, updated or deleted. Returns the UIDs of the pods whose volumes show
  /// it (of those given to set_up in this life). Sync them now (set_up), so that the change is visible within
  /// 1 s.
  std::vector<std::string> object_changed(kube::EnvFrom::Kind kind, const std::string& ns,
                                          const std::string& name);

  /// When a token of the pod has to be renewed (or the failed renewal tried again) by set_up; nullopt
  /// when it has none. By the wall clock: sleep at most an hour at a time for the sake of clocks that
  /// jump.
  [[nodiscard]] std::optional<WallTime> next_refresh(const std::string& uid) const;

  /// `<root>/pods/<uid>`, and `etc-hosts` in it. Throws BadInput if the UID is not a file name.
  [[nodiscard]] std::filesystem::path pod_directory(const std::string& uid) const;
  [[nodiscard]] std::filesystem::path hosts_path(const std::string& uid) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The ConfigMaps and Secrets that the pod's volumes show, without duplicates, in order of appearance.
std::vector<ConfigRef> volume_references(const kube::Pod& pod);
/// Whether a volume of the pod shows the object (which is in the pod's namespace).
bool uses(const kube::Pod& pod, const ConfigRef& object);

}  // namespace edgecore::edged
