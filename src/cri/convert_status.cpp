// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "cri/convert.hpp"

namespace edgecore::cri {
namespace {

PodSandboxState read_state(v1::PodSandboxState state) {
  return state == v1::SANDBOX_READY ? PodSandboxState::kReady : PodSandboxState::kNotReady;
}

ContainerState read_state(v1::ContainerState state) {
  return v1::ContainerState_IsValid(state) ? static_cast<ContainerState>(state) : ContainerState::kUnknown;
}

}  // namespace

VersionInfo read(const v1::VersionResponse& in) {
  return {in.version(), in.runtime_name(), in.runtime_version(), in.runtime_api_version()};
}

RuntimeStatus read(const v1::StatusResponse& in) {
  RuntimeStatus out;
  for (const auto& one : in.status().conditions())
    out.conditions.push_back({one.type(), one.status(), one.reason(), one.message()});
  out.info = read_map(in.info());
  return out;
}

PodSandbox read(const v1::PodSandbox& in) {
  PodSandbox out;
  out.id = in.id();
  out.metadata = read(in.metadata());
  out.state = read_state(in.state());
  out.created_at = in.created_at();
  out.labels = read_map(in.labels());
  out.annotations = read_map(in.annotations());
  out.runtime_handler = in.runtime_handler();
  return out;
}

PodSandboxStatus read(const v1::PodSandboxStatus& in) {
  PodSandboxStatus out;
  out.id = in.id();
  out.metadata = read(in.metadata());
  out.state = read_state(in.state());
  out.created_at = in.created_at();
  out.ip = in.network().ip();
  for (const auto& one : in.network().additional_ips()) out.additional_ips.push_back(one.ip());
  if (in.linux().namespaces().has_options()) out.namespace_options = read(in.linux().namespaces().options());
  out.labels = read_map(in.labels());
  out.annotations = read_map(in.annotations());
  out.runtime_handler = in.runtime_handler();
  return out;
}

Container read(const v1::Container& in) {
  Container out;
  out.id = in.id();
  out.pod_sandbox_id = in.pod_sandbox_id();
  out.metadata = read(in.metadata());
  out.image = read(in.image());
  out.image_ref = in.image_ref();
  out.state = read_state(in.state());
  out.created_at = in.created_at();
  out.labels = read_map(in.labels());
  out.annotations = read_map(in.annotations());
  return out;
}

ContainerStatus read(const v1::ContainerStatus& in) {
  ContainerStatus out;
  out.id = in.id();
  out.metadata = read(in.metadata());
  out.state = read_state(in.state());
  out.created_at = in.created_at();
  out.started_at = in.started_at();
  out.finished_at = in.finished_at();
  out.exit_code = in.exit_code();
  out.image = read(in.image());
  out.image_ref = in.image_ref();
  out.reason = in.reason();
  out.message = in.message();
  out.labels = read_map(in.labels());
  out.annotations = read_map(in.annotations());
  out.mounts = read_each(in.mounts());
  out.log_path = in.log_path();
  if (in.resources().has_linux()) out.resources = read(in.resources().linux());
  return out;
}

ExecResult read(const v1::ExecSyncResponse& in) {
  return {in.stdout(), in.stderr(), in.exit_code()};
}

Image read(const v1::Image& in) {
  Image out;
  out.id = in.id();
  out.repo_tags.assign(in.repo_tags().begin(), in.repo_tags().end());
  out.repo_digests.assign(in.repo_digests().begin(), in.repo_digests().end());
  out.size = in.size();
  if (in.has_uid()) out.uid = in.uid().value();
  out.username = in.username();
  if (in.has_spec()) out.spec = read(in.spec());
  out.pinned = in.pinned();
  return out;
}

FilesystemUsage read(const v1::FilesystemUsage& in) {
  FilesystemUsage out;
  out.timestamp = in.timestamp();
  out.mountpoint = in.fs_id().mountpoint();
  if (in.has_used_bytes()) out.used_bytes = in.used_bytes().value();
  if (in.has_inodes_used()) out.inodes_used = in.inodes_used().value();
  return out;
}

std::optional<std::int64_t> read_pid(const google::protobuf::Map<std::string, std::string>& info) {
  const auto found = info.find("info");
  if (found == info.end()) return std::nullopt;
  // The deeper levels hold the container's whole specification: skip them.
  const auto outermost = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= 1; };
  const nlohmann::json said = nlohmann::json::parse(found->second, outermost, false);
  if (!said.is_object()) return std::nullopt;
  const auto pid = said.find("pid");
  if (pid == said.end() || !pid->is_number_integer() || pid->get<std::int64_t>() <= 0) return std::nullopt;
  return pid->get<std::int64_t>();
}

ContainerEvent read(const v1::ContainerEventResponse& in) {
  ContainerEvent out;
  out.container_id = in.container_id();
  out.type = v1::ContainerEventType_IsValid(in.container_event_type())
                 ? static_cast<ContainerEventType>(in.container_event_type())
                 : ContainerEventType::kStarted;
  out.created_at = in.created_at();
  if (in.has_pod_sandbox_status()) out.pod_sandbox_status = read(in.pod_sandbox_status());
  out.containers_statuses = read_each(in.containers_statuses());
  return out;
}

}  // namespace edgecore::cri
