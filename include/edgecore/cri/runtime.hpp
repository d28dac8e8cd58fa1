// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/cri/call_error.hpp"
#include "edgecore/cri/stats.hpp"
#include "edgecore/cri/types.hpp"

namespace edgecore::cri {

template <class T>
using Awaitable = boost::asio::awaitable<T>;

/// Time limits of all calls (protocol/05-edged.md §4.1), kept in this one place; nullopt = no limit.
struct Deadlines {
  using Limit = std::optional<std::chrono::milliseconds>;

  /// `runtimeRequestTimeout`; holds for every call not named below.
  std::chrono::milliseconds request = std::chrono::minutes(2);

  [[nodiscard]] Limit common() const { return request; }
  /// Includes the runtime's calls of CNI plugins.
  [[nodiscard]] Limit run_pod_sandbox() const { return 2 * request; }
  /// Includes the grace period, which passes inside the call.
  [[nodiscard]] Limit stop_container(std::chrono::seconds grace) const { return request + grace; }
  /// A command without a time limit of its own (0) has no deadline.
  [[nodiscard]] Limit exec_sync(std::chrono::seconds timeout) const {
    if (timeout.count() <= 0) return std::nullopt;
    return request + timeout;
  }
  /// No limit: pulling an image or walking all writable layers takes long on slow disks.
  [[nodiscard]] Limit pull_image() const { return std::nullopt; }
  [[nodiscard]] Limit list_container_stats() const { return std::nullopt; }
};

/// A stream of events. Owned by the caller; destroying it ends the rpc. One `next` at a time.
template <class Event>
class Stream {
 public:
  virtual ~Stream() = default;
  /// The next event, in the runtime's order; nullopt when the runtime closed the stream. Throws CallError:
  /// `unimplemented()` if the runtime does not have this stream, `unavailable()` if it went away. After an
  /// end or an error open a new stream. Events wait in the runtime while `next` is not called.
  virtual Awaitable<std::optional<Event>> next() = 0;
};
using EventStream = Stream<ContainerEvent>;
using TaskEventStream = Stream<TaskEvent>;

/// A container runtime, spoken to by CRI v1 (protocol/05-edged.md §4). The seam between edged and containerd:
/// `GrpcRuntime` is the real one (grpc_runtime.hpp), `FakeRuntime` lives in memory (tests/support/cri).
///
/// Owned by the code that wires the modules; any thread may call it, any number of calls may be in flight. A
/// call starts when its awaitable is awaited and completes on the executor of the coroutine that awaits it.
/// Arguments are copied before the function returns its awaitable and need not outlive it. Every call throws
/// CallError when it fails; after its deadline (`Deadlines`) with code DeadlineExceeded. A call whose
/// coroutine is cancelled ends and throws boost::system::system_error(operation_aborted); what the runtime
/// had begun by then may or may not have happened.
///
/// Stopping or removing an object that does not exist is no error: NOT_FOUND counts as success for
/// StopPodSandbox, RemovePodSandbox, StopContainer, RemoveContainer and RemoveImage.
///
/// Destroy it before the io_contexts of its callers: that ends calls in flight with code Cancelled.
class Runtime {
 public:
  virtual ~Runtime() = default;

  // ---- The runtime itself

  /// The runtime's name and version. `api_version` is "" at connect and "0.1.0" for the node's status.
  virtual Awaitable<VersionInfo> version(std::string_view api_version) = 0;
  virtual Awaitable<RuntimeStatus> status(bool verbose) = 0;

  // ---- Pod sandboxes

  /// Makes and starts a sandbox and returns its id. `config.log_directory` has to exist. "" is the default
  /// runtime handler.
  virtual Awaitable<std::string> run_pod_sandbox(const PodSandboxConfig& config,
                                                 std::string_view runtime_handler) = 0;
  /// Kills its containers and removes its network.
  virtual Awaitable<void> stop_pod_sandbox(std::string_view pod_sandbox_id) = 0;
  /// Removes it with its containers, by force.
  virtual Awaitable<void> remove_pod_sandbox(std::string_view pod_sandbox_id) = 0;
  virtual Awaitable<PodSandboxStatus> pod_sandbox_status(std::string_view pod_sandbox_id) = 0;
  /// The pid of the process that holds its namespaces, in the runtime's pid namespace; nullopt if there is
  /// none, or the runtime does not report it.
  virtual Awaitable<std::optional<std::int64_t>> pod_sandbox_pid(std::string_view pod_sandbox_id) = 0;
  virtual Awaitable<std::vector<PodSandbox>> list_pod_sandbox(const PodSandboxFilter& filter) = 0;
  /// The URL of the runtime's streaming server for forwarding these ports.
  virtual Awaitable<std::string> port_forward(std::string_view pod_sandbox_id,
                                              const std::vector<std::int32_t>& ports) = 0;

  // ---- Containers

  /// Makes a container in state Created and returns its id. `sandbox_config` is the one the sandbox was made
  /// with.
  virtual Awaitable<std::string> create_container(std::string_view pod_sandbox_id,
                                                  const ContainerConfig& config,
                                                  const PodSandboxConfig& sandbox_config) = 0;
  virtual Awaitable<void> start_container(std::string_view container_id) = 0;
  /// Sends TERM (or the image's stop signal), after `grace` KILL; 0 kills at once. Returns when the container
  /// has stopped.
  virtual Awaitable<void> stop_container(std::string_view container_id, std::chrono::seconds grace) = 0;
  /// Kills it first if it runs.
  virtual Awaitable<void> remove_container(std::string_view container_id) = 0;
  virtual Awaitable<ContainerStatus> container_status(std::string_view container_id) = 0;
  /// The pid of its main process, in the runtime's pid namespace; nullopt if it does not run, or the runtime
  /// does not report it.
  virtual Awaitable<std::optional<std::int64_t>> container_pid(std::string_view container_id) = 0;
  virtual Awaitable<std::vector<Container>> list_containers(const ContainerFilter& filter) = 0;
  /// Makes the runtime open `log_path` anew, after the file was moved away.
  virtual Awaitable<void> reopen_container_log(std::string_view container_id) = 0;

  /// Runs a command to its end. `timeout` 0 = none; DeadlineExceeded when it expires. Output is limited to 16
  /// MiB.
  virtual Awaitable<ExecResult> exec_sync(std::string_view container_id, const std::vector<std::string>& cmd,
                                          std::chrono::seconds timeout) = 0;
  /// The URL of the runtime's streaming server, good for one connection within a minute.
  virtual Awaitable<std::string> exec(const ExecRequest& request) = 0;
  virtual Awaitable<std::string> attach(const AttachRequest& request) = 0;

  // ---- Stats and events

  virtual Awaitable<ContainerStats> container_stats(std::string_view container_id) = 0;
  virtual Awaitable<std::vector<ContainerStats>> list_container_stats(const ContainerStatsFilter& filter) = 0;
  /// Optional for runtimes: unimplemented() → read cgroups.
  virtual Awaitable<PodSandboxStats> pod_sandbox_stats(std::string_view pod_sandbox_id) = 0;
  virtual Awaitable<std::vector<PodSandboxStats>> list_pod_sandbox_stats(
      const PodSandboxStatsFilter& filter) = 0;
  /// A new stream of GetContainerEvents, which containerd 1.6 does not have; the rpc starts with its first
  /// `next()`, which also reports a failure to start.
  virtual std::unique_ptr<EventStream> container_events() = 0;
  /// The same for ends of containers and sandboxes from containerd's own event service, 100 ms and more
  /// before CRI shows them. Not part of CRI: other runtimes do not have it.
  virtual std::unique_ptr<TaskEventStream> task_events() = 0;

  // ---- Images

  /// All images, or those that match the reference `image` ("" = all).
  virtual Awaitable<std::vector<Image>> list_images(std::string_view image) = 0;
  /// nullopt if the image is not present.
  virtual Awaitable<std::optional<Image>> image_status(const ImageSpec& image) = 0;
  /// Pulls the image and returns the reference (id) for CreateContainer. `auth` nullopt = anonymous.
  virtual Awaitable<std::string> pull_image(const ImageSpec& image, const std::optional<AuthConfig>& auth,
                                            const PodSandboxConfig& sandbox_config) = 0;
  virtual Awaitable<void> remove_image(const ImageSpec& image) = 0;
  /// File systems that hold images; edged uses the first.
  virtual Awaitable<std::vector<FilesystemUsage>> image_fs_info() = 0;
};

}  // namespace edgecore::cri
