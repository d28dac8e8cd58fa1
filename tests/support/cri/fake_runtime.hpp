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

/// A container runtime in memory, for tests of whoever uses `Runtime`. Sandboxes and containers go through
/// the states containerd takes them through and answer its error codes for wrong ones; nothing is executed.
/// Time comes from the Clock. Containers run until they are stopped or the test ends them (`exit_container`,
/// or `Script` by name). Single-threaded: called from one io_context's thread, or from the test while that
/// does not run.
class FakeRuntime final : public Runtime {
 public:
  explicit FakeRuntime(const Clock& clock = SystemClock::instance());
  ~FakeRuntime() override;
  FakeRuntime(const FakeRuntime&) = delete;
  FakeRuntime& operator=(const FakeRuntime&) = delete;

  // ---- What the test sets up

  /// How containers of a name behave once started.
  struct Script {
    /// Exits by itself with this code right when started (as seen by the next call); nullopt = runs on.
    std::optional<std::int32_t> exit_at_start;
    /// Reason and message of that exit; reason "" = "Completed" for 0, else "Error".
    std::string reason;
    std::string message;
    /// Exit code after a stop: 0 (heeds TERM), or 137 (does not heed TERM and is killed).
    std::int32_t exit_at_stop = 0;
    /// StartContainer fails with this text and leaves the container Exited, exit code 128, reason
    /// "StartError".
    std::string start_error;
  };
  /// Holds for containers of that name made from now on and for those there are.
  void script(std::string_view container_name, Script script);
  /// Ends a running container as if its process had exited or (137, "OOMKilled") been killed. Throws Error
  /// when it does not run.
  void exit_container(std::string_view container_id, std::int32_t exit_code, std::string_view reason = "");
  /// A sandbox whose process died: NotReady, its containers exited with 137.
  void kill_sandbox(std::string_view pod_sandbox_id);
  /// As after a reboot: all sandboxes NotReady, running containers exited with 255 and reason "Unknown".
  void reboot();

  /// Makes an image known, so that ImageStatus finds it and CreateContainer accepts it; its id.
  std::string add_image(std::string_view reference, std::uint64_t size = 1'000'000);
  /// Makes a reference pullable (unknown ones fail with NotFound). `need_auth`: the user name a pull has to
  /// come with.
  void add_remote_image(std::string_view reference, std::uint64_t size = 1'000'000,
                        std::optional<std::string> need_auth = std::nullopt);
  /// Results for ExecSync by command; without one it answers exit code 0 and no output.
  using ExecHandler =
      std::function<ExecResult(const std::string& container_id, const std::vector<std::string>& cmd)>;
  void on_exec(ExecHandler handler);
  /// What Version, Status, stats and file systems answer.
  VersionInfo version_info;
  RuntimeStatus runtime_status;
  CgroupDriver driver = CgroupDriver::kCgroupfs;
  std::vector<FilesystemUsage> image_filesystems;
  std::map<std::string, ContainerStats> stats_by_container;  // keyed by id; others answer zeros
  std::map<std::string, PodSandboxStats> stats_by_sandbox;   // empty: PodSandboxStats is unimplemented
  bool with_events = true;                                   // false: GetContainerEvents is unimplemented
  bool with_pids = false;                                    // the status of what runs tells its process
  /// Called with the id of each container and sandbox that ends.
  std::function<void(const std::string& id)> on_end;

  // ---- Faults

  /// One planned misbehaviour of a call; `code` Ok = the call goes on as usual after the delay.
  struct Fault {
    Code code = Code::kOk;
    std::string message;
    std::chrono::milliseconds delay{0};
    /// Never answers; ends only by cancellation (or DeadlineExceeded through a `code` with `delay`).
    bool hang = false;
    /// The call takes effect, then its answer is lost and `code` reported: a crash between doing and saying.
    bool after_effect = false;
  };
  /// The next call of `method` ("RunPodSandbox"; "" = of any) misbehaves; several are used up in order.
  void fail_next(std::string_view method, Fault fault);
  /// Every call of `method` misbehaves, until `heal`.
  void fail_always(std::string_view method, Fault fault);
  void heal(std::string_view method);
  /// Every call fails with Unavailable until `set_down(false)`; event streams break.
  void set_down(bool down);

  // ---- What the test looks at

  struct Call {
    std::string method;
    std::string id;  // what it was about: sandbox, container or image; "" for lists
  };
  /// Every call since the start or the last `clear_calls`, in order, failed ones too.
  [[nodiscard]] const std::vector<Call>& calls() const;
  void clear_calls();
  [[nodiscard]] std::size_t count_calls(std::string_view method) const;
  [[nodiscard]] std::vector<ContainerStatus> containers() const;  // in order of creation
  [[nodiscard]] std::vector<PodSandboxStatus> sandboxes() const;
  /// What a sandbox or container was made with; nullptr when there is none of that id.
  [[nodiscard]] const PodSandboxConfig* sandbox_config(std::string_view pod_sandbox_id) const;
  [[nodiscard]] const ContainerConfig* container_config(std::string_view container_id) const;
  /// The id of the newest container of that name in that state (or any); "" when there is none.
  [[nodiscard]] std::string find_container(std::string_view name,
                                           std::optional<ContainerState> state = std::nullopt) const;

  // ---- Runtime

  Awaitable<VersionInfo> version(std::string_view api_version) override;
  Awaitable<RuntimeStatus> status(bool verbose) override;
  Awaitable<void> update_runtime_config(std::string_view pod_cidr) override;
  Awaitable<CgroupDriver> cgroup_driver() override;
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
  Awaitable<void> update_container_resources(std::string_view container_id,
                                             const LinuxContainerResources& resources) override;
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
  Awaitable<std::vector<Image>> list_images(std::string_view image) override;
  Awaitable<std::optional<Image>> image_status(const ImageSpec& image) override;
  Awaitable<std::string> pull_image(const ImageSpec& image, const std::optional<AuthConfig>& auth,
                                    const PodSandboxConfig& sandbox_config) override;
  Awaitable<void> remove_image(const ImageSpec& image) override;
  Awaitable<std::vector<FilesystemUsage>> image_fs_info() override;

 private:
  class Stream;
  /// Runs `effect` as one call: logged, on the asker's executor, with the misbehaviour that is planned for
  /// it.
  template <class Result>
  Awaitable<Result> perform(std::string method, std::string id, std::function<Result()> effect);
  /// `perform` for orders to stop or remove something: NotFound counts as done, also a planned one.
  Awaitable<void> perform_ending(std::string method, std::string id, std::function<void()> effect);
  Awaitable<void> suffer(const std::string& method, const Fault& fault);
  [[nodiscard]] ContainerStats stats_of(const std::string& id, const ContainerStatus& status) const;
  std::optional<Fault> take_fault(std::string_view method);
  void publish(const ContainerEvent& event);

  std::unique_ptr<FakeWorld> world_;
  ExecHandler exec_handler_;
  std::deque<std::pair<std::string, Fault>> faults_;
  std::map<std::string, Fault, std::less<>> lasting_faults_;
  bool down_ = false;
  std::vector<Call> calls_;
  std::vector<Stream*> streams_;  // open ones; each takes itself out
};

}  // namespace edgecore::cri
