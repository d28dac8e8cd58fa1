// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "edgecore/base/clock.hpp"
#include "edgecore/cri/grpc_runtime.hpp"
#include "support/await.hpp"
#include "support/eventually.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::cri {
namespace {

using namespace std::chrono_literals;
using test::await;

/// Against a real runtime: scripts/test-runtime.sh up DIR, then EDGECORE_TEST_CRI=unix://DIR/containerd.sock.
class LiveTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* endpoint = std::getenv("EDGECORE_TEST_CRI");
    if (endpoint == nullptr)
      GTEST_SKIP()
          << "EDGECORE_TEST_CRI names no container runtime; start one with scripts/test-runtime.sh up DIR.";
    GrpcRuntimeOptions options;
    options.runtime_endpoint = endpoint;
    runtime_ = make_grpc_runtime(options);
    std::filesystem::create_directory(logs_ / "main");
    sandbox_config_.metadata = {"live", "uid-" + logs_.path().filename().string(), "test", 0};
    sandbox_config_.hostname = "live";
    sandbox_config_.log_directory = logs_.string();
    sandbox_config_.labels = {{"io.kubernetes.pod.uid", sandbox_config_.metadata.uid}};
    sandbox_config_.linux.security_context.namespace_options = NamespaceOption();
    sandbox_config_.linux.security_context.namespace_options->pid = NamespaceMode::kContainer;
    config_.metadata = {"main", 0};
    config_.image.image = "localhost/busybox:1.35";
    config_.command = {"sh", "-c", "trap 'exit 3' TERM; echo hello; while :; do sleep 0.05; done"};
    config_.labels = sandbox_config_.labels;
    config_.log_path = "main/0.log";
    config_.linux.resources.cpu_shares = 100;
    config_.linux.resources.memory_limit_in_bytes = 64'000'000;
  }
  void TearDown() override {
    if (!runtime_) return;
    if (!sandbox_.empty()) {
      await(io_, runtime_->stop_pod_sandbox(sandbox_));
      await(io_, runtime_->remove_pod_sandbox(sandbox_));
    }
    runtime_.reset();
  }

  void run_sandbox() { sandbox_ = await(io_, runtime_->run_pod_sandbox(sandbox_config_, "")); }
  std::string create() { return await(io_, runtime_->create_container(sandbox_, config_, sandbox_config_)); }
  ContainerStatus status(const std::string& id) { return await(io_, runtime_->container_status(id)); }
  template <class T>
  Code code(Awaitable<T> call) {
    try {
      await(io_, std::move(call));
    } catch (const CallError& error) {
      return error.code();
    }
    return Code::kOk;
  }

  boost::asio::io_context io_;
  std::unique_ptr<Runtime> runtime_;
  edgecore::test::TemporaryDirectory logs_;
  PodSandboxConfig sandbox_config_;
  ContainerConfig config_;
  std::string sandbox_;
};

TEST_F(LiveTest, RuntimeTellsWhoItIsAndThatItIsReady) {
  const auto version = await(io_, runtime_->version(""));
  EXPECT_FALSE(version.runtime_name.empty());
  EXPECT_EQ(version.runtime_api_version, "v1");
  const auto status = await(io_, runtime_->status(false));
  const RuntimeCondition* const network = status.condition("NetworkReady");
  ASSERT_NE(network, nullptr);
  EXPECT_TRUE(network->status);
  EXPECT_TRUE(status.info.empty());
  EXPECT_FALSE(await(io_, runtime_->status(true)).info.empty());
}

TEST_F(LiveTest, ImagesAreListedAndFound) {
  ImageSpec spec;
  spec.image = "localhost/busybox:1.35";
  const auto image = await(io_, runtime_->image_status(spec));
  ASSERT_TRUE(image.has_value());
  EXPECT_GT(image->size, 0U);
  const auto all = await(io_, runtime_->list_images(""));
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Image& one) { return one.id == image->id; }));
  spec.image = "localhost/nothing:1";
  EXPECT_FALSE(await(io_, runtime_->image_status(spec)).has_value());
  EXPECT_FALSE(await(io_, runtime_->image_fs_info()).at(0).mountpoint.empty());
}

TEST_F(LiveTest, PodLivesAndDies) {
  run_sandbox();
  const auto sandbox = await(io_, runtime_->pod_sandbox_status(sandbox_));
  EXPECT_EQ(sandbox.state, PodSandboxState::kReady);
  EXPECT_EQ(sandbox.metadata, sandbox_config_.metadata);
  EXPECT_FALSE(sandbox.ip.empty());
  PodSandboxFilter pods;
  pods.label_selector = sandbox_config_.labels;
  pods.state = PodSandboxState::kReady;
  EXPECT_EQ(await(io_, runtime_->list_pod_sandbox(pods)).at(0).id, sandbox_);

  const auto id = create();
  EXPECT_EQ(status(id).state, ContainerState::kCreated);
  await(io_, runtime_->start_container(id));
  const auto running = status(id);
  EXPECT_EQ(running.state, ContainerState::kRunning);
  EXPECT_GT(running.started_at, unix_nanos(std::chrono::system_clock::now() - 1min));
  ContainerFilter filter;
  filter.pod_sandbox_id = sandbox_;
  EXPECT_EQ(await(io_, runtime_->list_containers(filter)).at(0).id, id);

  const std::vector<std::string> cmd = {"sh", "-c", "echo out; echo err >&2; exit 5"};
  const auto result = await(io_, runtime_->exec_sync(id, cmd, 10s));
  EXPECT_EQ(result, (ExecResult{"out\n", "err\n", 5}));
  const std::vector<std::string> slow = {"sleep", "30"};
  EXPECT_EQ(code(runtime_->exec_sync(id, slow, 1s)), Code::kDeadlineExceeded);

  const auto stats = await(io_, runtime_->container_stats(id));
  EXPECT_EQ(stats.id, id);
  EXPECT_TRUE(stats.memory.has_value());
  ExecRequest exec;
  exec.container_id = id;
  exec.cmd = {"true"};
  EXPECT_TRUE(await(io_, runtime_->exec(exec)).starts_with("http"));
  AttachRequest attach;
  attach.container_id = id;
  EXPECT_TRUE(await(io_, runtime_->attach(attach)).starts_with("http"));
  const std::vector<std::int32_t> ports = {80};
  EXPECT_TRUE(await(io_, runtime_->port_forward(sandbox_, ports)).starts_with("http"));
  await(io_, runtime_->reopen_container_log(id));

  await(io_, runtime_->stop_container(id, 5s));
  const auto ended = status(id);
  EXPECT_EQ(ended.state, ContainerState::kExited);
  EXPECT_EQ(ended.exit_code, 3);  // it heeded TERM
  EXPECT_EQ(ended.reason, "Error");
  std::ifstream log(logs_ / "main/0.log");
  std::string line;
  ASSERT_TRUE(std::getline(log, line));
  EXPECT_TRUE(line.ends_with(" stdout F hello")) << line;
  await(io_, runtime_->stop_container(id, 5s));
  await(io_, runtime_->remove_container(id));
  await(io_, runtime_->remove_container(id));
  EXPECT_EQ(code(runtime_->container_status(id)), Code::kNotFound);
}

TEST_F(LiveTest, FailedStartIsReportedAndRecorded) {
  run_sandbox();
  config_.command = {"/no/such/program"};
  const auto id = create();
  EXPECT_NE(code(runtime_->start_container(id)), Code::kOk);
  EXPECT_EQ(status(id).state, ContainerState::kExited);
  EXPECT_EQ(status(id).reason, "StartError");
}

TEST_F(LiveTest, EventsComeOrAreKnownNotTo) {
  const auto stream = runtime_->container_events();
  const auto version = await(io_, runtime_->version(""));
  if (version.runtime_version.starts_with("1.6.")) {
    EXPECT_EQ(code(stream->next()), Code::kUnimplemented);
    return;
  }
  std::optional<ContainerEvent> event;
  boost::asio::co_spawn(io_, stream->next(), [&](std::exception_ptr, std::optional<ContainerEvent> got) {
    event = std::move(got);
  });
  io_.run_for(200ms);
  run_sandbox();
  EXPECT_TRUE(event.has_value());
}

/// What edged lays over CRI's status has to be what CRI shows afterwards.
TEST_F(LiveTest, AnExitIsToldAsCriShowsItLater) {
  config_.command = {"sleep", "1000"};
  run_sandbox();
  const auto id = create();
  await(io_, runtime_->start_container(id));
  const auto version = await(io_, runtime_->version(""));
  if (version.runtime_name != "containerd") {
    EXPECT_EQ(code(runtime_->task_events()->next()), Code::kUnimplemented);
    return;
  }
  const std::optional<std::int64_t> pid = await(io_, runtime_->container_pid(id));
  ASSERT_TRUE(pid.has_value());
  const auto stream = runtime_->task_events();
  std::optional<TaskEvent> event;
  boost::asio::co_spawn(io_, stream->next(),
                        [&](std::exception_ptr, std::optional<TaskEvent> got) { event = std::move(got); });
  io_.restart();
  io_.run_for(200ms);
  ASSERT_EQ(::kill(static_cast<pid_t>(*pid), SIGKILL), 0);
  io_.restart();
  io_.run_for(5s);
  ASSERT_TRUE(event.has_value());
  ASSERT_TRUE(test::eventually([&] { return status(id).state == ContainerState::kExited; }));
  const ContainerStatus shown = status(id);
  EXPECT_EQ(*event, (TaskEvent{id, TaskEvent::Kind::kExit, shown.exit_code, shown.finished_at}));
  EXPECT_EQ(shown.exit_code, 137);
  EXPECT_EQ(shown.reason, "Error");
}

/// Prints how long bare calls take, as the floor for what a pod can cost.
TEST_F(LiveTest, BareCallLatencies) {
  std::map<std::string, std::vector<double>> millis;
  const auto timed = [&](const char* name, auto call) {
    const auto before = steady_now();
    call();
    millis[name].push_back(std::chrono::duration<double, std::milli>(steady_now() - before).count());
  };
  for (std::uint32_t round = 0; round < 5; ++round) {
    sandbox_config_.metadata.attempt = round;
    std::string id;
    timed("1 RunPodSandbox", [&] { run_sandbox(); });
    timed("2 CreateContainer", [&] { id = create(); });
    timed("3 StartContainer", [&] { await(io_, runtime_->start_container(id)); });
    std::this_thread::sleep_for(200ms);
    timed("4 ContainerStatus", [&] { status(id); });
    timed("5 StopContainer", [&] { await(io_, runtime_->stop_container(id, 5s)); });
    timed("6 StopPodSandbox", [&] { await(io_, runtime_->stop_pod_sandbox(sandbox_)); });
    timed("7 RemovePodSandbox", [&] { await(io_, runtime_->remove_pod_sandbox(sandbox_)); });
    sandbox_.clear();
  }
  for (auto& [name, values] : millis) {
    std::sort(values.begin(), values.end());
    EXPECT_LT(values[values.size() / 2], 10'000) << name;
    std::cout << "  " << name << ": median " << values[values.size() / 2] << " ms, worst " << values.back()
              << " ms\n";
  }
}

}  // namespace
}  // namespace edgecore::cri
