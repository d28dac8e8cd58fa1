// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/volume_setup.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>

#include <algorithm>

#include "edgecore/base/files.hpp"
#include "edged/volumes/atomic_writer.hpp"
#include "edged/volumes/empty_dir.hpp"
#include "edged/volumes/fs_group.hpp"
#include "edged/volumes/host_path.hpp"
#include "edged/volumes/nested_mounts.hpp"
#include "edged/volumes/subpath.hpp"

namespace edgecore::edged {
namespace {

std::optional<FsGroup> fs_group(const kube::Pod& pod) {
  const auto& security = pod.spec.security_context;
  if (!security || !security->fs_group) return std::nullopt;
  return FsGroup{static_cast<gid_t>(*security->fs_group),
                 security->fs_group_change_policy == "OnRootMismatch"};
}

/// Secrets, tokens and the downward API never touch the flash.
bool in_memory(const kube::Volume& volume) {
  return !std::holds_alternative<kube::ConfigMapSource>(volume.source);
}

class VolumeSetup {
 public:
  VolumeSetup(Mounter& mounter, const Clock& clock, const SetupPlan& plan)
      : mounter_(mounter), clock_(clock), plan_(plan), pod_(*plan.pod) {}

  /// True if something was changed.
  bool make(const kube::Volume& volume) {
    if (is_content(volume)) return make_content(volume);
    if (const auto* source = std::get_if<kube::EmptyDirSource>(&volume.source))
      return make_empty(volume, *source);
    if (const auto* source = std::get_if<kube::HostPathSource>(&volume.source)) {
      prepare_host_path(*source);
      return false;
    }
    const auto* other = std::get_if<kube::UnsupportedSource>(&volume.source);
    if (other != nullptr && !other->problem.empty()) return false;  // the containers that mount it fail
    throw Error(fmt::format("volumes of kind {} are not supported on this node",
                            other != nullptr ? other->kind : std::string("unknown")));
  }

 private:
  bool make_empty(const kube::Volume& volume, const kube::EmptyDirSource& source) {
    EmptyDirPlan empty;
    empty.path = plan_.directories.volume(pod_.uid, volume);
    empty.ready = plan_.directories.ready(pod_.uid, volume.name);
    empty.medium = source.medium;
    if (source.medium == "Memory") empty.bytes = memory_volume_bytes(pod_, source.size_limit, plan_.facts);
    empty.fs_group = fs_group(pod_);
    return make_empty_dir(mounter_, empty);
  }

  bool make_content(const kube::Volume& volume) {
    EmptyDirPlan empty;
    empty.path = plan_.directories.volume(pod_.uid, volume);
    const Payload payload = make_payload(volume, pod_, plan_.facts, plan_.found);
    if (in_memory(volume)) {
      empty.medium = "Memory";
      empty.bytes = memory_volume_bytes(pod_, std::nullopt, plan_.facts);
    }
    const bool made = make_empty_dir(mounter_, empty);
    AtomicWriter::Options options{empty.path};
    if (const auto group = fs_group(pod_)) options.fs_group = group->gid;
    options.clock = &clock_;
    const bool written = AtomicWriter(std::move(options)).write(payload);
    make_mount_points(empty.path, nested_mount_points(pod_, volume.name));
    return written || made;
  }

  Mounter& mounter_;
  const Clock& clock_;
  const SetupPlan& plan_;
  const kube::Pod& pod_;
};

}  // namespace

const kube::Volume* find_volume(const kube::Pod& pod, const std::string& name) {
  const auto found = std::find_if(pod.spec.volumes.begin(), pod.spec.volumes.end(),
                                  [&](const auto& one) { return one.name == name; });
  return found == pod.spec.volumes.end() ? nullptr : &*found;
}

SetupResult set_up_volumes(Mounter& mounter, const Clock& clock, const SetupPlan& plan) {
  SetupResult result;
  VolumeSetup setup(mounter, clock, plan);
  make_directories(plan.directories.pod(plan.pod->uid), 0750);
  for (const auto& volume : plan.pod->spec.volumes) {
    try {
      if (setup.make(volume)) result.changed = true;
    } catch (const Error& error) {
      result.problems.push_back(
          fmt::format("MountVolume.SetUp failed for volume \"{}\": {}", volume.name, error.what()));
    }
  }
  return result;
}

std::vector<std::string> mount_paths(Mounter& mounter, const ContainerMountPlan& plan) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < plan.container.volume_mounts.size(); ++i) {
    const auto& mount = plan.container.volume_mounts[i];
    const kube::Volume* volume = find_volume(*plan.pod, mount.name);
    if (volume == nullptr)
      throw ContainerConfigError(fmt::format("volume \"{}\" is not part of the pod", mount.name));
    const auto* unread = std::get_if<kube::UnsupportedSource>(&volume->source);
    if (unread != nullptr && !unread->problem.empty()) throw ContainerConfigError(unread->problem);
    try {
      const auto path = plan.directories.volume(plan.pod->uid, *volume);
      if (plan.sub_paths.at(i).empty()) {
        out.push_back(path.string());
        continue;
      }
      const auto target = plan.directories.sub_path(plan.pod->uid, mount.name, plan.container.name, i);
      mount_sub_path(mounter, path, plan.sub_paths[i], target);
      out.push_back(target.string());
    } catch (const Error& error) {
      throw ContainerConfigError(
          fmt::format("failed to prepare subPath for volumeMount \"{}\" of container \"{}\": {}", mount.name,
                      plan.container.name, error.what()));
    }
  }
  return out;
}

}  // namespace edgecore::edged
