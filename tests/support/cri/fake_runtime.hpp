// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/cri/runtime.hpp"

namespace edgecore::cri {

class FakeWorld;

/// A container runtime in memory, for tests of users of `Runtime`. Sandboxes and containers go through
/// containerd's states and return its error codes for calls in a wrong state; nothing is executed. Time comes
/// from the Clock. Containers run until they are stopped or the test ends them (`exit_container`, or `Script`
/// by name). Single-threaded: called on one io_context's thread, or by the test while the io_context does not
/// run.
class FakeRuntime final : public Runtime {
 public:
  explicit FakeRuntime(const Clock& clock = SystemClock::instance());
  ~FakeRuntime() override;
  FakeRuntime(const FakeRuntime&) = delete;
  FakeRuntime& operator=(const FakeRuntime&) = delete;

  // ---- Set-up by the test

  /// Behaviour of the containers of a name after their start.
  struct Script {
    /// Exits with this code right after the start (as seen by the next call); nullopt: keeps running.
    std::optional<std::int32_t> exit_at_start;
    /// Reason and message of that exit; reason "" = "Completed" for 0, else "Error".
    std::string reason;
    std::string message;
    /// Exit code after a stop: 0 (obeys TERM), or 137 (ignores TERM and is killed).
    std::int32_t exit_at_stop = 0;
    /// StartContainer fails with this text and leaves the container Exited, exit code 128, reason
    /// "StartError".
    std::string start_error;
  };
  /// Applies to existing and future containers of that name.
  void script(std::string_view container_name, Script script);
  /// Ends a running container as if its process had exited or (137, "OOMKilled") been killed. Throws Error if
  /// it is not running.
  void exit_container(std::string_view container_id, std::int32_t exit_code, std::string_view reason = "");
  /// Sends a task event to those who follow them, as containerd does before it shows an end. The container
  /// runs on until `exit_container` or a stop, which then show the exit that was told.
  void tell(const TaskEvent& event);
  /// Kills the process of a sandbox: NotReady, its containers exited with 137.
  void kill_sandbox(std::string_view pod_sandbox_id);
  /// Simulates a reboot: all sandboxes NotReady, running containers exited with 255 and reason "Unknown".
  void reboot();

  /// Adds a local image, for ImageStatus and CreateContainer; returns its id.
  std::string add_image(std::string_view reference, std::uint64_t size = 1'000'000);
  /// Makes a reference pullable (others fail with NotFound). `need_auth`: the user name that a pull must
  /// have.
  void add_remote_image(std::string_view reference, std::uint64_t size = 1'000'000,
                        std::optional<std::string> need_auth = std::nullopt);
  /// Handler of ExecSync; without one it returns exit code 0 and no output.
  using ExecHandler =
      std::function<ExecResult(const std::string& container_id, const std::vector<std::string>& cmd)>;
  void on_exec(ExecHandler handler);
  /// Answers of Version, Status, stats and file systems.
  VersionInfo version_info;
  RuntimeStatus runtime_status;
  std::vector<FilesystemUsage> image_filesystems;
  std::map<std::string, ContainerStats> stats_by_container;  // by id; zeros for others
  std::map<std::string, PodSandboxStats> stats_by_sandbox;   // empty: PodSandboxStats is unimplemented
  bool with_events = true;                                   // false: GetContainerEvents is unimplemented
  bool with_task_events = false;                             // false: containerd's event service is, too
  bool with_pids = false;                                    // the status of a running container has its pid
  /// Called with the id of each container and sandbox that ends.
  std::function<void(const std::string& id)> on_end;

  // ---- Faults

  /// One planned fault of a call; `code` kOk: the call succeeds after the delay.
  struct Fault {
    Code code = Code::kOk;
    std::string message;
    std::chrono::milliseconds delay{0};
    /// Never answers; only cancellation ends it (for DeadlineExceeded use `code` with `delay`).
    bool hang = false;
    /// The call takes effect, but its answer is lost and `code` returned: a crash between effect and answer.
    bool after_effect = false;
  };
  /// The next call of `method` ("RunPodSandbox"; "": any) gets this fault; several faults are used in order.
  void fail_next(std::string_view method, Fault fault);
  /// Every call of `method` gets this fault until `heal`.
  void fail_always(std::string_view method, Fault fault);
  void heal(std::string_view method);
  /// Every call fails with Unavailable until `set_down(false)`; event streams break.
  void set_down(bool down);

  // ---- Inspection by the test

  struct Call {
    std::string method;
    std::string id;  // of the sandbox, container or image; "" for lists
  };
  /// Every call since the start or the last `clear_calls`, in order, failed ones too.
  [[nodiscard]] const std::vector<Call>& calls() const;
  void clear_calls();
  [[nodiscard]] std::size_t count_calls(std::string_view method) const;
  [[nodiscard]] std::vector<ContainerStatus> containers() const;  // in order of creation
  [[nodiscard]] std::vector<PodSandboxStatus> sandboxes() const;
  /// The config of a sandbox or container; nullptr if the id is unknown.
  [[nodiscard]] const PodSandboxConfig* sandbox_config(std::string_view pod_sandbox_id) const;
  [[nodiscard]] const ContainerConfig* container_config(std::string_view container_id) const;
  /// The id of the newest container of that name in that state (or any state); "" if there is none.
  [[nodiscard]] std::string find_container(std::string_view name,
                                           std::optional<ContainerState> state = std::nullopt) const;

  // ---- Runtime

  Awaitable<VersionInfo> version(std::string_view api_version) override;
  Awaitable<RuntimeStatus> status(bool verbose) override;
  Awaitable<std::string> run_pod_sandbox(const PodSandboxConfig& config,
                                         std::string_view runtime_handler) override;
  Awaitable<void> stop_pod_sandbox(std::string_view pod_sandbox_id) override;
  Awaitable<void> remove_pod_sandbox(std::string_view pod_sandbox_id) override;
  Awaitable<PodSandboxStatus> pod_sandbox_status(std::string_view pod_sandbox_id) override;
  Awaitable<std::optional<std::int64_t>> pod_sandbox_pid(std::string_view pod_sandbox_id) override;
  Awaitable<std::vector<PodSandbox>> list_pod_sandbox(const PodSandboxFilter& filter) override;
  Awaitable<std::string> port_forward(std::string_view pod_sandbox_id,
                                      const std::vector<std::int32_t>& ports) override;
  Awaitable<std::string> create_container(std::string_view pod_sandbox_id, const ContainerConfig& config,
                                          const PodSandboxConfig& sandbox_config) override;
  Awaitable<void> start_container(std::string_view container_id) override;
  Awaitable<void> stop_container(std::string_view container_id, std::chrono::seconds grace) override;
  Awaitable<void> remove_container(std::string_view container_id) override;
  Awaitable<ContainerStatus> container_status(std::string_view container_id) override;
  Awaitable<std::optional<std::int64_t>> container_pid(std::string_view container_id) override;
  Awaitable<std::vector<Container>> list_containers(const ContainerFilter& filter) override;
  Awaitable<void> reopen_container_log(std::string_view container_id) override;
  Awaitable<ExecResult> exec_sync(std::string_view container_id, const std::vector<std::string>& cmd,
                                  std::chrono::seconds timeout) override;
  Awaitable<std::string> exec(const ExecRequest& request) override;
  Awaitable<std::string> attach(const AttachRequest& request) override;
  Awaitable<ContainerStats> container_stats(std::string_view container_id) override;
  Awaitable<std::vector<ContainerStats>> list_container_stats(const ContainerStatsFilter& filter) override;
  Awaitable<PodSandboxStats> pod_sandbox_stats(std::string_view pod_sandbox_id) override;
  Awaitable<std::vector<PodSandboxStats>> list_pod_sandbox_stats(
      const PodSandboxStatsFilter& filter) override;
  std::unique_ptr<EventStream> container_events() override;
  std::unique_ptr<TaskEventStream> task_events() override;
  Awaitable<std::vector<Image>> list_images(std::string_view image) override;
  Awaitable<std::optional<Image>> image_status(const ImageSpec& image) override;
  Awaitable<std::string> pull_image(const ImageSpec& image, const std::optional<AuthConfig>& auth,
                                    const PodSandboxConfig& sandbox_config) override;
  Awaitable<void> remove_image(const ImageSpec& image) override;
  Awaitable<std::vector<FilesystemUsage>> image_fs_info() override;

 private:
  template <class Event>
  class Feed;
  /// Runs `effect` as one call: records it, resumes on the caller's executor, applies the planned fault.
  template <class Result>
  Awaitable<Result> perform(std::string method, std::string id, std::function<Result()> effect);
  /// `perform` for calls that stop or remove: NotFound counts as success, also if planned.
  Awaitable<void> perform_ending(std::string method, std::string id, std::function<void()> effect);
  static Awaitable<void> suffer(const Fault& fault);
  [[nodiscard]] ContainerStats stats_of(const std::string& id, const ContainerStatus& status) const;
  std::optional<Fault> take_fault(std::string_view method);
  void publish(const ContainerEvent& event);

  std::unique_ptr<FakeWorld> world_;
  ExecHandler exec_handler_;
  std::deque<std::pair<std::string, Fault>> faults_;
  std::map<std::string, Fault, std::less<>> lasting_faults_;
  bool down_ = false;
  std::vector<Call> calls_;
  std::vector<Feed<ContainerEvent>*> streams_;  // open streams; each removes itself
  std::vector<Feed<TaskEvent>*> task_streams_;
};

}  // namespace edgecore::cri
