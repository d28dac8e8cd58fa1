// SPDX-License-Identifier: Apache-2.0
#include "cri/convert.hpp"

namespace edgecore::cri {
namespace {

/// Enums are open on the wire: a runtime may send a value newer than we know.
NamespaceMode read_mode(v1::NamespaceMode mode) {
  return v1::NamespaceMode_IsValid(mode) ? static_cast<NamespaceMode>(mode) : NamespaceMode::kPod;
}

v1::NamespaceMode write_mode(NamespaceMode mode) {
  return static_cast<v1::NamespaceMode>(mode);
}

IdMapping read_mapping(const v1::IDMapping& in) {
  return {in.host_id(), in.container_id(), in.length()};
}

std::vector<IdMapping> read_mappings(const google::protobuf::RepeatedPtrField<v1::IDMapping>& in) {
  std::vector<IdMapping> out;
  for (const auto& one : in) out.push_back(read_mapping(one));
  return out;
}

}  // namespace

void write(v1::IDMapping& out, const IdMapping& in) {
  out.set_host_id(in.host_id);
  out.set_container_id(in.container_id);
  out.set_length(in.length);
}

void write(v1::NamespaceOption& out, const NamespaceOption& in) {
  out.set_network(write_mode(in.network));
  out.set_pid(write_mode(in.pid));
  out.set_ipc(write_mode(in.ipc));
  out.set_target_id(in.target_id);
  if (in.userns_options) {
    auto& userns = *out.mutable_userns_options();
    userns.set_mode(write_mode(in.userns_options->mode));
    write_each(*userns.mutable_uids(), in.userns_options->uids);
    write_each(*userns.mutable_gids(), in.userns_options->gids);
  }
}

NamespaceOption read(const v1::NamespaceOption& in) {
  NamespaceOption out;
  out.network = read_mode(in.network());
  out.pid = read_mode(in.pid());
  out.ipc = read_mode(in.ipc());
  out.target_id = in.target_id();
  if (in.has_userns_options()) {
    const auto& userns = in.userns_options();
    out.userns_options =
        UserNamespace{read_mode(userns.mode()), read_mappings(userns.uids()), read_mappings(userns.gids())};
  }
  return out;
}

void write(v1::LinuxContainerResources& out, const LinuxContainerResources& in) {
  out.set_cpu_period(in.cpu_period);
  out.set_cpu_quota(in.cpu_quota);
  out.set_cpu_shares(in.cpu_shares);
  out.set_memory_limit_in_bytes(in.memory_limit_in_bytes);
  out.set_oom_score_adj(in.oom_score_adj);
  out.set_cpuset_cpus(in.cpuset_cpus);
  out.set_cpuset_mems(in.cpuset_mems);
  for (const auto& limit : in.hugepage_limits) {
    auto& one = *out.add_hugepage_limits();
    one.set_page_size(limit.page_size);
    one.set_limit(limit.limit);
  }
  write_map(*out.mutable_unified(), in.unified);
  out.set_memory_swap_limit_in_bytes(in.memory_swap_limit_in_bytes);
}

LinuxContainerResources read(const v1::LinuxContainerResources& in) {
  LinuxContainerResources out;
  out.cpu_period = in.cpu_period();
  out.cpu_quota = in.cpu_quota();
  out.cpu_shares = in.cpu_shares();
  out.memory_limit_in_bytes = in.memory_limit_in_bytes();
  out.oom_score_adj = in.oom_score_adj();
  out.cpuset_cpus = in.cpuset_cpus();
  out.cpuset_mems = in.cpuset_mems();
  for (const auto& limit : in.hugepage_limits())
    out.hugepage_limits.push_back({limit.page_size(), limit.limit()});
  out.unified = read_map(in.unified());
  out.memory_swap_limit_in_bytes = in.memory_swap_limit_in_bytes();
  return out;
}

void write(v1::PodSandboxMetadata& out, const PodSandboxMetadata& in) {
  out.set_name(in.name);
  out.set_uid(in.uid);
  out.set_namespace_(in.pod_namespace);
  out.set_attempt(in.attempt);
}

PodSandboxMetadata read(const v1::PodSandboxMetadata& in) {
  return {in.name(), in.uid(), in.namespace_(), in.attempt()};
}

void write(v1::ContainerMetadata& out, const ContainerMetadata& in) {
  out.set_name(in.name);
  out.set_attempt(in.attempt);
}

ContainerMetadata read(const v1::ContainerMetadata& in) {
  return {in.name(), in.attempt()};
}

void write(v1::ImageSpec& out, const ImageSpec& in) {
  out.set_image(in.image);
  write_map(*out.mutable_annotations(), in.annotations);
  out.set_user_specified_image(in.user_specified_image);
}

ImageSpec read(const v1::ImageSpec& in) {
  return {in.image(), read_map(in.annotations()), in.user_specified_image()};
}

void write(v1::Mount& out, const Mount& in) {
  out.set_container_path(in.container_path);
  out.set_host_path(in.host_path);
  out.set_readonly(in.readonly);
  out.set_selinux_relabel(in.selinux_relabel);
  out.set_propagation(static_cast<v1::MountPropagation>(in.propagation));
  write_each(*out.mutable_uidmappings(), in.uid_mappings);
  write_each(*out.mutable_gidmappings(), in.gid_mappings);
}

Mount read(const v1::Mount& in) {
  Mount out;
  out.container_path = in.container_path();
  out.host_path = in.host_path();
  out.readonly = in.readonly();
  out.selinux_relabel = in.selinux_relabel();
  if (v1::MountPropagation_IsValid(in.propagation()))
    out.propagation = static_cast<MountPropagation>(in.propagation());
  out.uid_mappings = read_mappings(in.uidmappings());
  out.gid_mappings = read_mappings(in.gidmappings());
  return out;
}

}  // namespace edgecore::cri
