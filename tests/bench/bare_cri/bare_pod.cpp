// SPDX-License-Identifier: Apache-2.0
#include "bare_pod.hpp"

#include <chrono>

#include "edgecore/base/files.hpp"
#include "edgecore/base/uuid.hpp"

namespace edgecore::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds grace(2);

double milliseconds_since(Steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(Steady::now() - begin).count();
}

/// Takes the time from its making to `end`.
class Watch {
 public:
  Watch(Timings& timings, const char* call) : into_(timings[call]) {}
  void end() { into_.push_back(milliseconds_since(begin_)); }

 private:
  std::vector<double>& into_;
  Steady::time_point begin_ = Steady::now();
};

cri::NamespaceOption pod_namespaces() {
  cri::NamespaceOption out;
  out.pid = cri::NamespaceMode::kContainer;
  return out;
}

cri::Mount file_mount(const char* in_container, const std::filesystem::path& on_host) {
  cri::Mount out;
  out.container_path = in_container;
  out.host_path = on_host;
  return out;
}

}  // namespace

BarePod::BarePod(cri::Runtime& runtime, const std::filesystem::path& folder, const std::string& cgroup,
                 const std::string& name)
    : runtime_(runtime) {
  const std::string uid = uuid_v4();
  const auto own = folder / uid;
  const auto logs = own / "logs";
  make_directories(logs / "c", 0755);
  write_file_atomic(own / "hosts", "127.0.0.1\tlocalhost\n", 0644);
  write_file_atomic(own / "termination-log", "", 0666);

  const cri::StringMap labels = {{"io.kubernetes.pod.name", name},
                                 {"io.kubernetes.pod.namespace", "default"},
                                 {"io.kubernetes.pod.uid", uid}};
  auto& sandbox = sandbox_config_;
  sandbox.metadata = {name, uid, "default", 0};
  sandbox.hostname = name;
  sandbox.log_directory = logs;
  sandbox.dns_config = cri::DnsConfig{{"127.0.0.1"}, {}, {}};
  sandbox.labels = labels;
  sandbox.linux.cgroup_parent = cgroup + "/pod" + uid;
  sandbox.linux.security_context.namespace_options = pod_namespaces();
  sandbox.linux.resources = cri::LinuxContainerResources();
  sandbox.linux.resources->cpu_shares = 2;

  auto& container = container_config_;
  container.metadata = {"c", 0};
  container.image.image = "localhost/busybox:1.35";
  container.command = {"sh", "-c", "trap exit TERM; while true; do sleep 1 & wait; done"};
  container.mounts = {file_mount("/etc/hosts", own / "hosts"),
                      file_mount("/dev/termination-log", own / "termination-log")};
  container.labels = labels;
  container.labels["io.kubernetes.container.name"] = "c";
  container.log_path = "c/0.log";
  container.linux.resources.cpu_shares = 2;
  container.linux.resources.oom_score_adj = 1000;
  container.linux.security_context.namespace_options = pod_namespaces();
}

cri::Awaitable<void> BarePod::start(Timings& timings) {
  Watch whole(timings, "start");
  Watch run(timings, "RunPodSandbox");
  sandbox_ = co_await runtime_.run_pod_sandbox(sandbox_config_, "");
  run.end();
  Watch create(timings, "CreateContainer");
  container_ = co_await runtime_.create_container(sandbox_, container_config_, sandbox_config_);
  create.end();
  Watch begin(timings, "StartContainer");
  co_await runtime_.start_container(container_);
  begin.end();
  whole.end();
}

cri::Awaitable<void> BarePod::end(Timings& timings) {
  Watch whole(timings, "end");
  Watch stop(timings, "StopContainer");
  co_await runtime_.stop_container(container_, grace);
  stop.end();
  Watch stop_sandbox(timings, "StopPodSandbox");
  co_await runtime_.stop_pod_sandbox(sandbox_);
  stop_sandbox.end();
  Watch remove(timings, "RemoveContainer");
  co_await runtime_.remove_container(container_);
  remove.end();
  Watch remove_sandbox(timings, "RemovePodSandbox");
  co_await runtime_.remove_pod_sandbox(sandbox_);
  remove_sandbox.end();
  whole.end();
}

}  // namespace edgecore::bench
