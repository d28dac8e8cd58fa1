// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/cri/types.hpp"

/// Usage numbers and container events of CRI v1 (protocol/05-edged.md §4.2 "Stats and events"). A number that
/// the runtime does not report is absent, which differs from 0. The rules of types.hpp hold.
namespace edgecore::cri {

struct CpuUsage {
  std::int64_t timestamp = 0;
  std::optional<std::uint64_t> usage_core_nano_seconds;  // since the start
  std::optional<std::uint64_t> usage_nano_cores;         // of late
  bool operator==(const CpuUsage&) const = default;
};

struct MemoryUsage {
  std::int64_t timestamp = 0;
  std::optional<std::uint64_t> working_set_bytes;
  std::optional<std::uint64_t> available_bytes;
  std::optional<std::uint64_t> usage_bytes;
  std::optional<std::uint64_t> rss_bytes;
  std::optional<std::uint64_t> page_faults;
  std::optional<std::uint64_t> major_page_faults;
  bool operator==(const MemoryUsage&) const = default;
};

struct SwapUsage {
  std::int64_t timestamp = 0;
  std::optional<std::uint64_t> swap_available_bytes;
  std::optional<std::uint64_t> swap_usage_bytes;
  bool operator==(const SwapUsage&) const = default;
};

struct ContainerStats {
  std::string id;  // CRI's `attributes`, flat
  ContainerMetadata metadata;
  StringMap labels;
  StringMap annotations;
  std::optional<CpuUsage> cpu;
  std::optional<MemoryUsage> memory;
  std::optional<FilesystemUsage> writable_layer;
  std::optional<SwapUsage> swap;
  bool operator==(const ContainerStats&) const = default;
};

struct ContainerStatsFilter {
  std::string id;
  std::string pod_sandbox_id;
  StringMap label_selector;
  bool operator==(const ContainerStatsFilter&) const = default;
};

struct NetworkInterfaceUsage {
  std::string name;
  std::optional<std::uint64_t> rx_bytes;
  std::optional<std::uint64_t> rx_errors;
  std::optional<std::uint64_t> tx_bytes;
  std::optional<std::uint64_t> tx_errors;
  bool operator==(const NetworkInterfaceUsage&) const = default;
};

struct NetworkUsage {
  std::int64_t timestamp = 0;
  std::optional<NetworkInterfaceUsage> default_interface;
  std::vector<NetworkInterfaceUsage> interfaces;
  bool operator==(const NetworkUsage&) const = default;
};

struct ProcessUsage {
  std::int64_t timestamp = 0;
  std::optional<std::uint64_t> process_count;
  bool operator==(const ProcessUsage&) const = default;
};

struct PodSandboxStats {
  std::string id;  // CRI's `attributes`, flat
  PodSandboxMetadata metadata;
  StringMap labels;
  StringMap annotations;
  std::optional<CpuUsage> cpu;  // the message `linux` of CRI, flat
  std::optional<MemoryUsage> memory;
  std::optional<NetworkUsage> network;
  std::optional<ProcessUsage> process;
  std::vector<ContainerStats> containers;
  bool operator==(const PodSandboxStats&) const = default;
};

struct PodSandboxStatsFilter {
  std::string id;
  StringMap label_selector;
  bool operator==(const PodSandboxStatsFilter&) const = default;
};

enum class ContainerEventType {
  kCreated = 0,
  kStarted = 1,
  kStopped = 2,
  kDeleted = 3
};  // unknown → Started

/// What happened to one container; sandboxes' own processes are reported too, under the sandbox's id.
struct ContainerEvent {
  std::string container_id;
  ContainerEventType type = ContainerEventType::kCreated;
  std::int64_t created_at = 0;
  std::optional<PodSandboxStatus> pod_sandbox_status;
  std::vector<ContainerStatus> containers_statuses;
  bool operator==(const ContainerEvent&) const = default;
};

/// What the runtime knows of the main process of a container or sandbox before CRI shows it.
struct TaskEvent {
  enum class Kind {
    kExit,
    kOom  ///< the kernel killed one of its processes for lack of memory; comes before the exit
  };
  std::string container_id;
  Kind kind = Kind::kExit;
  std::int32_t exit_code = 0;  // kExit: as ContainerStatus will have it
  std::int64_t exited_at = 0;
  bool operator==(const TaskEvent&) const = default;
};

}  // namespace edgecore::cri
