// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "edgecore/kube/pod.hpp"
#include "edged/host/mounts.hpp"

namespace edgecore::edged {

/// Paths of a pod's files on disk (protocol/05-edged.md §1.15), and their removal. The layout equals the Go
/// edge's, so either agent finds the other's directories. A plain value; functions that touch the disk block
/// and throw Error.
class PodDirectories {
 public:
  explicit PodDirectories(std::filesystem::path root) : root_(std::move(root)) {}

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path pods() const { return root_ / "pods"; }
  /// Throws BadInput if the UID is not a file name.
  [[nodiscard]] std::filesystem::path pod(const std::string& uid) const;
  [[nodiscard]] std::filesystem::path hosts(const std::string& uid) const { return pod(uid) / "etc-hosts"; }
  /// The volume on the host: below the pod's directory, or the path of a hostPath.
  [[nodiscard]] std::filesystem::path volume(const std::string& uid, const kube::Volume& volume) const;
  /// Marker directory: the emptyDir was set up.
  [[nodiscard]] std::filesystem::path ready(const std::string& uid, const std::string& volume) const;
  [[nodiscard]] std::filesystem::path sub_path(const std::string& uid, const std::string& volume,
                                               const std::string& container, std::size_t index) const;

  /// Makes a new empty file of mode 0666 for a container's termination message. Keeps the newest seven older
  /// ones.
  [[nodiscard]] std::filesystem::path make_termination_log(const std::string& uid,
                                                           const std::string& container) const;

  /// The UIDs that have a directory and are not in `known`.
  [[nodiscard]] std::vector<std::string> unknown(const std::set<std::string>& known) const;

  /// Unmounts everything below the pod's directory, innermost first. When nothing is mounted there any more,
  /// removes subPath mount points and the volumes whose content is the pod's (emptyDir, content volumes); of
  /// other volumes only the empty directory. Throws if something stays.
  void remove_volumes(Mounter& mounter, const std::string& uid) const;
  /// remove_volumes, then the rest of the pod's files, then its directory.
  void remove_pod(Mounter& mounter, const std::string& uid) const;

 private:
  std::filesystem::path root_;
};

/// "empty-dir", "configmap", …: the part after "kubernetes.io~" of a volume's directory; "" for kinds that
/// have none.
std::string plugin_of(const kube::Volume& volume);

}  // namespace edgecore::edged
