// SPDX-License-Identifier: Apache-2.0
#include "support/cri/fake_runtime.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "edgecore/async/event.hpp"
#include "support/cri/fake_world.hpp"

namespace edgecore::cri {
namespace asio = boost::asio;

namespace {
constexpr const char* kDown = "connection error: desc = \"the fake runtime is down\"";
constexpr const char* kStreamUrl = "http://127.0.0.1:0/fake/";

/// Ids end with a serial number.
std::int64_t pid_of(const std::string& id) {
  return 1000 + std::stoll(id.substr(48), nullptr, 16);
}
}  // namespace

/// One open stream. Events before its first next() are lost, as in a real runtime.
template <class Event>
class FakeRuntime::Feed final : public Stream<Event> {
 public:
  using All = std::vector<Feed*> FakeRuntime::*;
  /// `offered`: the switch without which the runtime does not have the stream.
  Feed(FakeRuntime& runtime, const char* method, bool FakeRuntime::*offered, All all)
      : runtime_(&runtime), method_(method), offered_(offered), all_(all) {
    (runtime.*all).push_back(this);
  }
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  ~Feed() override {
    if (runtime_ != nullptr) std::erase(runtime_->*all_, this);
  }

  Awaitable<std::optional<Event>> next() override {
    const auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
    if (!open_) start();
    if (!news_) news_.emplace(executor);
    while (waiting_.empty() && !broken_) co_await news_->sleep();
    if (waiting_.empty()) throw CallError(method_, Code::kUnavailable, kDown);
    auto event = std::move(waiting_.front());
    waiting_.pop_front();
    co_return event;
  }

  void push(const Event& event) {
    if (!open_) return;
    waiting_.push_back(event);
    if (news_) news_->notify();
  }
  void shatter() {
    if (!open_) return;
    broken_ = true;
    if (news_) news_->notify();
  }
  void orphan() {
    runtime_ = nullptr;
    shatter();
  }

 private:
  void start() {
    if (runtime_ == nullptr || runtime_->down_) throw CallError(method_, Code::kUnavailable, kDown);
    runtime_->calls_.push_back({method_, ""});
    if (!(runtime_->*offered_))
      throw CallError(method_, Code::kUnimplemented, std::string("unknown method ") + method_);
    open_ = true;
  }

  FakeRuntime* runtime_;  // null after it is destroyed
  const char* method_;
  bool FakeRuntime::*offered_;
  All all_;
  bool open_ = false;
  bool broken_ = false;
  std::deque<Event> waiting_;
  std::optional<async::Event> news_;  ///< from the first next() on
};

FakeRuntime::FakeRuntime(const Clock& clock)
    : version_info{"0.1.0", "fake", "1.0.0", "v1"},
      world_(std::make_unique<FakeWorld>(
          clock, [this](const ContainerEvent& event) { publish(event); },
          [this](const std::string& id) {
            if (on_end) on_end(id);
          })) {
  runtime_status.conditions = {{"RuntimeReady", true, "", ""}, {"NetworkReady", true, "", ""}};
  image_filesystems = {{unix_nanos(clock.wall()), "/var/lib/fake", 10'000'000, 100}};
}

FakeRuntime::~FakeRuntime() {
  for (auto* stream : streams_) stream->orphan();
  for (auto* stream : task_streams_) stream->orphan();
}

// ---- Faults and the log of calls

void FakeRuntime::fail_next(std::string_view method, Fault fault) {
  faults_.emplace_back(std::string(method), std::move(fault));
}

void FakeRuntime::fail_always(std::string_view method, Fault fault) {
  lasting_faults_[std::string(method)] = std::move(fault);
}

void FakeRuntime::heal(std::string_view method) {
  lasting_faults_.erase(std::string(method));
}

void FakeRuntime::set_down(bool down) {
  down_ = down;
  if (!down) return;
  for (auto* stream : streams_) stream->shatter();
  for (auto* stream : task_streams_) stream->shatter();
}

std::optional<FakeRuntime::Fault> FakeRuntime::take_fault(std::string_view method) {
  for (auto one = faults_.begin(); one != faults_.end(); ++one) {
    if (!one->first.empty() && one->first != method) continue;
    auto fault = std::move(one->second);
    faults_.erase(one);
    return fault;
  }
  const auto lasting = lasting_faults_.find(method);
  return lasting == lasting_faults_.end() ? std::nullopt : std::optional<Fault>(lasting->second);
}

Awaitable<void> FakeRuntime::suffer(const Fault& fault) {
  if (!fault.hang && fault.delay.count() == 0) co_return;
  const SteadyTime until = fault.hang ? SteadyTime::max() : steady_now() + fault.delay;
  async::Event nobody_notifies(co_await asio::this_coro::executor);
  co_await nobody_notifies.sleep_until(until);
}

template <class Result>
Awaitable<Result> FakeRuntime::perform(std::string method, std::string id, std::function<Result()> effect) {
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);  // a real runtime does not answer at once
  calls_.push_back({method, id});
  const auto fault = take_fault(method).value_or(Fault());
  co_await suffer(fault);
  if (down_) throw CallError(method, Code::kUnavailable, kDown);
  const bool fails = fault.code != Code::kOk;
  if (fails && !fault.after_effect) throw CallError(method, fault.code, fault.message);
  if constexpr (std::is_void_v<Result>) {
    effect();
    if (fails) throw CallError(method, fault.code, fault.message);
  } else {
    Result result = effect();
    if (fails) throw CallError(method, fault.code, fault.message);
    co_return result;
  }
}

Awaitable<void> FakeRuntime::perform_ending(std::string method, std::string id,
                                            std::function<void()> effect) {
  try {
    co_await perform<void>(std::move(method), std::move(id), std::move(effect));
  } catch (const CallError& error) {
    if (!error.not_found()) throw;
  }
}

void FakeRuntime::publish(const ContainerEvent& event) {
  for (auto* stream : streams_) stream->push(event);
}

void FakeRuntime::tell(const TaskEvent& event) {
  if (event.kind == TaskEvent::Kind::kExit) world_->exited(event);
  for (auto* stream : task_streams_) stream->push(event);
}

const std::vector<FakeRuntime::Call>& FakeRuntime::calls() const {
  return calls_;
}

void FakeRuntime::clear_calls() {
  calls_.clear();
}

std::size_t FakeRuntime::count_calls(std::string_view method) const {
  return static_cast<std::size_t>(
      std::count_if(calls_.begin(), calls_.end(), [&](const Call& one) { return one.method == method; }));
}

// ---- Set-up and inspection by the test

void FakeRuntime::script(std::string_view container_name, Script script) {
  world_->script(std::string(container_name), std::move(script));
}

void FakeRuntime::exit_container(std::string_view id, std::int32_t exit_code, std::string_view reason) {
  world_->exit(std::string(id), exit_code, std::string(reason), "");
}

void FakeRuntime::kill_sandbox(std::string_view id) {
  world_->kill_sandbox(std::string(id));
}

void FakeRuntime::reboot() {
  world_->reboot();
}

std::string FakeRuntime::add_image(std::string_view reference, std::uint64_t size) {
  return world_->add_image(std::string(reference), size);
}

void FakeRuntime::add_remote_image(std::string_view reference, std::uint64_t size,
                                   std::optional<std::string> need_auth) {
  world_->add_remote_image(std::string(reference), {size, std::move(need_auth)});
}

void FakeRuntime::on_exec(ExecHandler handler) {
  exec_handler_ = std::move(handler);
}

std::vector<ContainerStatus> FakeRuntime::containers() const {
  std::vector<ContainerStatus> all;
  for (const auto& [id, one] : world_->containers()) all.push_back(one.status);
  return all;
}

std::vector<PodSandboxStatus> FakeRuntime::sandboxes() const {
  std::vector<PodSandboxStatus> all;
  for (const auto& [id, one] : world_->sandboxes()) all.push_back(one.status);
  return all;
}

const PodSandboxConfig* FakeRuntime::sandbox_config(std::string_view id) const {
  const auto found = world_->sandboxes().find(std::string(id));
  return found != world_->sandboxes().end() ? &found->second.config : nullptr;
}

const ContainerConfig* FakeRuntime::container_config(std::string_view id) const {
  const auto found = world_->containers().find(std::string(id));
  return found != world_->containers().end() ? &found->second.config : nullptr;
}

std::string FakeRuntime::find_container(std::string_view name, std::optional<ContainerState> state) const {
  std::string newest;
  for (const auto& [id, one] : world_->containers())
    if (one.config.metadata.name == name && (!state || one.status.state == *state)) newest = id;
  return newest;
}

// ---- Runtime

Awaitable<VersionInfo> FakeRuntime::version(std::string_view) {
  return perform<VersionInfo>("Version", "", [this] { return version_info; });
}

Awaitable<RuntimeStatus> FakeRuntime::status(bool verbose) {
  return perform<RuntimeStatus>("Status", "", [this, verbose] {
    auto answer = runtime_status;
    if (!verbose) answer.info.clear();
    return answer;
  });
}

Awaitable<std::string> FakeRuntime::run_pod_sandbox(const PodSandboxConfig& config,
                                                    std::string_view handler) {
  return perform<std::string>(
      "RunPodSandbox", config.metadata.uid,
      [this, config, handler = std::string(handler)] { return world_->run_sandbox(config, handler); });
}

Awaitable<void> FakeRuntime::stop_pod_sandbox(std::string_view id) {
  return perform_ending("StopPodSandbox", std::string(id),
                        [this, id = std::string(id)] { world_->stop_sandbox(id); });
}

Awaitable<void> FakeRuntime::remove_pod_sandbox(std::string_view id) {
  return perform_ending("RemovePodSandbox", std::string(id),
                        [this, id = std::string(id)] { world_->remove_sandbox(id); });
}

Awaitable<PodSandboxStatus> FakeRuntime::pod_sandbox_status(std::string_view id) {
  return perform<PodSandboxStatus>("PodSandboxStatus", std::string(id),
                                   [this, id = std::string(id)] { return world_->sandbox_status(id); });
}

Awaitable<std::optional<std::int64_t>> FakeRuntime::pod_sandbox_pid(std::string_view id) {
  return perform<std::optional<std::int64_t>>(
      "PodSandboxStatus", std::string(id), [this, id = std::string(id)] {
        const bool runs = world_->sandbox_status(id).state == PodSandboxState::kReady;
        return with_pids && runs ? std::optional(pid_of(id)) : std::nullopt;
      });
}

Awaitable<std::vector<PodSandbox>> FakeRuntime::list_pod_sandbox(const PodSandboxFilter& filter) {
  return perform<std::vector<PodSandbox>>("ListPodSandbox", "",
                                          [this, filter] { return world_->list_sandboxes(filter); });
}

Awaitable<std::string> FakeRuntime::port_forward(std::string_view id, const std::vector<std::int32_t>&) {
  return perform<std::string>("PortForward", std::string(id), [this, id = std::string(id)] {
    const auto known = world_->sandbox_status(id);
    return kStreamUrl + ("portforward/" + known.id);
  });
}

Awaitable<std::string> FakeRuntime::create_container(std::string_view sandbox_id,
                                                     const ContainerConfig& config, const PodSandboxConfig&) {
  return perform<std::string>("CreateContainer", std::string(sandbox_id),
                              [this, sandbox_id = std::string(sandbox_id), config] {
                                return world_->create_container(sandbox_id, config);
                              });
}

Awaitable<void> FakeRuntime::start_container(std::string_view id) {
  return perform<void>("StartContainer", std::string(id),
                       [this, id = std::string(id)] { world_->start_container(id); });
}

Awaitable<void> FakeRuntime::stop_container(std::string_view id, std::chrono::seconds) {
  return perform_ending("StopContainer", std::string(id),
                        [this, id = std::string(id)] { world_->stop_container(id); });
}

Awaitable<void> FakeRuntime::remove_container(std::string_view id) {
  return perform_ending("RemoveContainer", std::string(id),
                        [this, id = std::string(id)] { world_->remove_container(id); });
}

Awaitable<ContainerStatus> FakeRuntime::container_status(std::string_view id) {
  return perform<ContainerStatus>("ContainerStatus", std::string(id), [this, id = std::string(id)] {
    return world_->container_status(id, "ContainerStatus");
  });
}

Awaitable<std::optional<std::int64_t>> FakeRuntime::container_pid(std::string_view id) {
  return perform<std::optional<std::int64_t>>(
      "ContainerStatus", std::string(id), [this, id = std::string(id)] {
        const bool runs = world_->container_status(id, "ContainerStatus").state == ContainerState::kRunning;
        return with_pids && runs ? std::optional(pid_of(id)) : std::nullopt;
      });
}

Awaitable<std::vector<Container>> FakeRuntime::list_containers(const ContainerFilter& filter) {
  return perform<std::vector<Container>>("ListContainers", "",
                                         [this, filter] { return world_->list_containers(filter); });
}

Awaitable<void> FakeRuntime::reopen_container_log(std::string_view id) {
  return perform<void>("ReopenContainerLog", std::string(id),
                       [this, id = std::string(id)] { world_->require_running(id, "ReopenContainerLog"); });
}

Awaitable<ExecResult> FakeRuntime::exec_sync(std::string_view id, const std::vector<std::string>& cmd,
                                             std::chrono::seconds) {
  return perform<ExecResult>("ExecSync", std::string(id), [this, id = std::string(id), cmd] {
    world_->require_running(id, "ExecSync");
    return exec_handler_ ? exec_handler_(id, cmd) : ExecResult();
  });
}

Awaitable<std::string> FakeRuntime::exec(const ExecRequest& request) {
  return perform<std::string>("Exec", request.container_id, [this, id = request.container_id] {
    world_->require_running(id, "Exec");
    return kStreamUrl + ("exec/" + id);
  });
}

Awaitable<std::string> FakeRuntime::attach(const AttachRequest& request) {
  return perform<std::string>("Attach", request.container_id, [this, id = request.container_id] {
    world_->require_running(id, "Attach");
    return kStreamUrl + ("attach/" + id);
  });
}

Awaitable<ContainerStats> FakeRuntime::container_stats(std::string_view id) {
  return perform<ContainerStats>("ContainerStats", std::string(id), [this, id = std::string(id)] {
    return stats_of(id, world_->container_status(id, "ContainerStats"));
  });
}

Awaitable<std::vector<ContainerStats>> FakeRuntime::list_container_stats(const ContainerStatsFilter& filter) {
  const ContainerFilter running{filter.id, ContainerState::kRunning, filter.pod_sandbox_id,
                                filter.label_selector};
  return perform<std::vector<ContainerStats>>("ListContainerStats", "", [this, running] {
    std::vector<ContainerStats> all;
    for (const auto& one : world_->list_containers(running))
      all.push_back(stats_of(one.id, world_->container_status(one.id, "ListContainerStats")));
    return all;
  });
}

ContainerStats FakeRuntime::stats_of(const std::string& id, const ContainerStatus& status) const {
  const auto set = stats_by_container.find(id);
  ContainerStats stats = set != stats_by_container.end() ? set->second : ContainerStats();
  if (set == stats_by_container.end()) {
    stats.cpu = CpuUsage{0, 0, 0};
    stats.memory = MemoryUsage();
    stats.memory->working_set_bytes = 0;
  }
  stats.id = id;
  stats.metadata = status.metadata;
  stats.labels = status.labels;
  stats.annotations = status.annotations;
  return stats;
}

Awaitable<PodSandboxStats> FakeRuntime::pod_sandbox_stats(std::string_view id) {
  return perform<PodSandboxStats>("PodSandboxStats", std::string(id), [this, id = std::string(id)] {
    const auto found = stats_by_sandbox.find(id);
    if (stats_by_sandbox.empty())
      throw CallError("PodSandboxStats", Code::kUnimplemented, "unknown method PodSandboxStats");
    if (found == stats_by_sandbox.end())
      throw CallError("PodSandboxStats", Code::kNotFound, "sandbox \"" + id + "\": not found");
    return found->second;
  });
}

Awaitable<std::vector<PodSandboxStats>> FakeRuntime::list_pod_sandbox_stats(
    const PodSandboxStatsFilter& filter) {
  const PodSandboxFilter wanted{filter.id, std::nullopt, filter.label_selector};
  return perform<std::vector<PodSandboxStats>>("ListPodSandboxStats", "", [this, wanted] {
    if (stats_by_sandbox.empty())
      throw CallError("ListPodSandboxStats", Code::kUnimplemented, "unknown method ListPodSandboxStats");
    std::vector<PodSandboxStats> all;
    for (const auto& one : world_->list_sandboxes(wanted)) {
      const auto found = stats_by_sandbox.find(one.id);
      if (found != stats_by_sandbox.end()) all.push_back(found->second);
    }
    return all;
  });
}

// ---- Images

Awaitable<std::vector<Image>> FakeRuntime::list_images(std::string_view image) {
  return perform<std::vector<Image>>("ListImages", std::string(image), [this, image = std::string(image)] {
    return world_->list_images(image);
  });
}

Awaitable<std::optional<Image>> FakeRuntime::image_status(const ImageSpec& image) {
  return perform<std::optional<Image>>("ImageStatus", image.image,
                                       [this, name = image.image] { return world_->image_status(name); });
}

Awaitable<std::string> FakeRuntime::pull_image(const ImageSpec& image, const std::optional<AuthConfig>& auth,
                                               const PodSandboxConfig&) {
  return perform<std::string>("PullImage", image.image,
                              [this, name = image.image, auth] { return world_->pull_image(name, auth); });
}

Awaitable<void> FakeRuntime::remove_image(const ImageSpec& image) {
  return perform_ending("RemoveImage", image.image,
                        [this, name = image.image] { world_->remove_image(name); });
}

Awaitable<std::vector<FilesystemUsage>> FakeRuntime::image_fs_info() {
  return perform<std::vector<FilesystemUsage>>("ImageFsInfo", "", [this] { return image_filesystems; });
}

std::unique_ptr<EventStream> FakeRuntime::container_events() {
  return std::make_unique<Feed<ContainerEvent>>(*this, "GetContainerEvents", &FakeRuntime::with_events,
                                                &FakeRuntime::streams_);
}

std::unique_ptr<TaskEventStream> FakeRuntime::task_events() {
  return std::make_unique<Feed<TaskEvent>>(*this, "Subscribe", &FakeRuntime::with_task_events,
                                           &FakeRuntime::task_streams_);
}

}  // namespace edgecore::cri
