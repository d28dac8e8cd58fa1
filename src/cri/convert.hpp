// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cri.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/cri/stats.hpp"
#include "edgecore/cri/types.hpp"

/// Converts between this room's values and CRI's messages. Pure functions; any thread. `write` fills an empty
/// message and leaves out what is unset (protocol/05-edged.md §4.1 "Field semantics"); `read` accepts
/// whatever a runtime sends.
namespace edgecore::cri {

namespace v1 = ::runtime::v1;

// ---- Parts that go both ways (convert_parts.cpp)
void write(v1::IDMapping& out, const IdMapping& in);
void write(v1::NamespaceOption& out, const NamespaceOption& in);
void write(v1::LinuxContainerResources& out, const LinuxContainerResources& in);
void write(v1::PodSandboxMetadata& out, const PodSandboxMetadata& in);
void write(v1::ContainerMetadata& out, const ContainerMetadata& in);
void write(v1::ImageSpec& out, const ImageSpec& in);
void write(v1::Mount& out, const Mount& in);
NamespaceOption read(const v1::NamespaceOption& in);
LinuxContainerResources read(const v1::LinuxContainerResources& in);
PodSandboxMetadata read(const v1::PodSandboxMetadata& in);
ContainerMetadata read(const v1::ContainerMetadata& in);
ImageSpec read(const v1::ImageSpec& in);
Mount read(const v1::Mount& in);

// ---- To the runtime (convert_config.cpp)
void write(v1::SecurityProfile& out, const SecurityProfile& in);
void write(v1::SELinuxOption& out, const SelinuxOption& in);
void write(v1::PodSandboxConfig& out, const PodSandboxConfig& in);
void write(v1::ContainerConfig& out, const ContainerConfig& in);
void write(v1::PodSandboxFilter& out, const PodSandboxFilter& in);
void write(v1::ContainerFilter& out, const ContainerFilter& in);
void write(v1::ContainerStatsFilter& out, const ContainerStatsFilter& in);
void write(v1::PodSandboxStatsFilter& out, const PodSandboxStatsFilter& in);
void write(v1::AuthConfig& out, const AuthConfig& in);

// ---- From the runtime (convert_status.cpp)
VersionInfo read(const v1::VersionResponse& in);
RuntimeStatus read(const v1::StatusResponse& in);
PodSandbox read(const v1::PodSandbox& in);
PodSandboxStatus read(const v1::PodSandboxStatus& in);
Container read(const v1::Container& in);
ContainerStatus read(const v1::ContainerStatus& in);
ExecResult read(const v1::ExecSyncResponse& in);
Image read(const v1::Image& in);
FilesystemUsage read(const v1::FilesystemUsage& in);
ContainerEvent read(const v1::ContainerEventResponse& in);
/// The pid of the main process in the `info` of a verbose status ("info" holds an object with "pid":
/// containerd, CRI-O). nullopt if it is missing, or 0: nothing runs.
std::optional<std::int64_t> read_pid(const google::protobuf::Map<std::string, std::string>& info);

// ---- Stats (convert_stats.cpp)
ContainerStats read(const v1::ContainerStats& in);
PodSandboxStats read(const v1::PodSandboxStats& in);

// ---- Fields
template <class Map>
void write_map(Map& out, const StringMap& in) {
  for (const auto& [key, value] : in) out[key] = value;
}

template <class Map>
StringMap read_map(const Map& in) {
  return StringMap(in.begin(), in.end());
}

template <class Repeated>
void write_strings(Repeated& out, const std::vector<std::string>& in) {
  for (const auto& one : in) *out.Add() = one;
}

template <class Repeated, class Value>
void write_each(Repeated& out, const std::vector<Value>& in) {
  for (const auto& one : in) write(*out.Add(), one);
}

/// Every element of a repeated field, read.
template <class Repeated>
auto read_each(const Repeated& in) {
  std::vector<decltype(read(*in.begin()))> out;
  out.reserve(static_cast<std::size_t>(in.size()));
  for (const auto& one : in) out.push_back(read(one));
  return out;
}

}  // namespace edgecore::cri
