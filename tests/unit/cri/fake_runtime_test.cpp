// SPDX-License-Identifier: Apache-2.0
#include "support/cri/fake_runtime.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <functional>

#include "support/await.hpp"
#include "support/loop.hpp"

namespace edgecore::cri {
namespace {

using namespace std::chrono_literals;
using test::await;
using testing::ElementsAre;

class FakeRuntimeTest : public testing::Test {
 protected:
  FakeRuntimeTest() : clock_(WallTime(std::chrono::seconds(1'700'000'000))), runtime_(clock_) {
    image_ = runtime_.add_image("localhost/busybox:1.35");
    sandbox_config_.metadata = {"web", "uid-1", "default", 0};
    sandbox_config_.labels = {{"io.kubernetes.pod.uid", "uid-1"}};
    sandbox_config_.log_directory = "/var/log/pods/default_web_uid-1";
    config_.metadata = {"main", 0};
    config_.image.image = "localhost/busybox:1.35";
    config_.log_path = "main/0.log";
    config_.labels = {{"io.kubernetes.container.name", "main"}};
  }

  std::string run_sandbox() { return await(io_, runtime_.run_pod_sandbox(sandbox_config_, "")); }
  std::string create(const std::string& sandbox) {
    return await(io_, runtime_.create_container(sandbox, config_, sandbox_config_));
  }
  std::string start(const std::string& sandbox) {
    const auto id = create(sandbox);
    await(io_, runtime_.start_container(id));
    return id;
  }
  ContainerStatus status(const std::string& id) { return await(io_, runtime_.container_status(id)); }

  /// The code that a call fails with; Ok if it succeeds.
  template <class T>
  Code code(Awaitable<T> call) {
    try {
      await(io_, std::move(call));
    } catch (const CallError& error) {
      return error.code();
    }
    return Code::kOk;
  }

  /// Turns the loop until `what` holds, or gives up.
  void run_until(const std::function<bool()>& what) {
    const auto deadline = steady_now() + 10s;
    while (!what() && steady_now() < deadline) {
      if (io_.stopped()) io_.restart();
      io_.run_one_for(10ms);
    }
  }

  boost::asio::io_context io_;
  FakeClock clock_;
  FakeRuntime runtime_;
  std::string image_;
  PodSandboxConfig sandbox_config_;
  ContainerConfig config_;
};

TEST_F(FakeRuntimeTest, ContainerGoesThroughItsStatesWithTheClocksTimes) {
  const auto sandbox = run_sandbox();
  const auto id = create(sandbox);
  EXPECT_EQ(status(id).state, ContainerState::kCreated);
  EXPECT_EQ(status(id).image_ref, image_);
  EXPECT_EQ(status(id).log_path, "/var/log/pods/default_web_uid-1/main/0.log");
  clock_.advance(2s);
  await(io_, runtime_.start_container(id));
  EXPECT_EQ(status(id).state, ContainerState::kRunning);
  clock_.advance(3s);
  await(io_, runtime_.stop_container(id, 30s));
  const auto ended = status(id);
  EXPECT_EQ(ended.state, ContainerState::kExited);
  EXPECT_EQ(ended.reason, "Completed");
  EXPECT_EQ(ended.started_at - ended.created_at, 2'000'000'000);
  EXPECT_EQ(ended.finished_at - ended.started_at, 3'000'000'000);
  await(io_, runtime_.remove_container(id));
  EXPECT_EQ(code(runtime_.container_status(id)), Code::kNotFound);
  EXPECT_EQ(code(runtime_.remove_container(id)), Code::kOk);
}

TEST_F(FakeRuntimeTest, ListsHonourTheirFilters) {
  const auto sandbox = run_sandbox();
  sandbox_config_.metadata.uid = "uid-2";
  sandbox_config_.labels["io.kubernetes.pod.uid"] = "uid-2";
  const auto other = run_sandbox();
  await(io_, runtime_.stop_pod_sandbox(other));
  PodSandboxFilter filter;
  EXPECT_EQ(await(io_, runtime_.list_pod_sandbox(filter)).size(), 2U);
  filter.state = PodSandboxState::kReady;
  EXPECT_EQ(await(io_, runtime_.list_pod_sandbox(filter)).at(0).id, sandbox);
  filter.state.reset();
  filter.label_selector = {{"io.kubernetes.pod.uid", "uid-2"}};
  EXPECT_EQ(await(io_, runtime_.list_pod_sandbox(filter)).at(0).id, other);
  const auto id = start(sandbox);
  ContainerFilter containers;
  containers.pod_sandbox_id = other;
  EXPECT_TRUE(await(io_, runtime_.list_containers(containers)).empty());
  containers.pod_sandbox_id = sandbox;
  containers.state = ContainerState::kRunning;
  EXPECT_EQ(await(io_, runtime_.list_containers(containers)).at(0).id, id);
}

TEST_F(FakeRuntimeTest, WrongOrdersAreRefusedAsContainerdRefusesThem) {
  const auto sandbox = run_sandbox();
  EXPECT_EQ(code(runtime_.run_pod_sandbox(sandbox_config_, "")), Code::kUnknown);  // the name is reserved
  const auto id = start(sandbox);
  EXPECT_EQ(code(runtime_.create_container(sandbox, config_, sandbox_config_)), Code::kUnknown);
  EXPECT_EQ(code(runtime_.start_container(id)), Code::kUnknown);
  EXPECT_EQ(code(runtime_.start_container("none")), Code::kNotFound);
  await(io_, runtime_.stop_pod_sandbox(sandbox));
  EXPECT_EQ(status(id).state, ContainerState::kExited);
  config_.metadata.attempt = 1;
  EXPECT_EQ(code(runtime_.create_container(sandbox, config_, sandbox_config_)), Code::kUnknown);
  config_.image.image = "localhost/none:1";
  EXPECT_EQ(code(runtime_.create_container("none", config_, sandbox_config_)), Code::kNotFound);
  EXPECT_EQ(code(runtime_.exec_sync(id, config_.command, 1s)), Code::kUnknown);
  await(io_, runtime_.remove_pod_sandbox(sandbox));
  EXPECT_TRUE(runtime_.containers().empty());
}

TEST_F(FakeRuntimeTest, ScriptsEndContainersAndFailStarts) {
  FakeRuntime::Script fails;
  fails.exit_at_start = 3;
  fails.message = "boom";
  runtime_.script("main", fails);
  const auto sandbox = run_sandbox();
  const auto id = start(sandbox);
  EXPECT_EQ(status(id).exit_code, 3);
  EXPECT_EQ(status(id).reason, "Error");
  EXPECT_EQ(status(id).message, "boom");

  FakeRuntime::Script broken;
  broken.start_error = "exec: \"/nope\": no such file";
  runtime_.script("main", broken);
  config_.metadata.attempt = 1;
  const auto second = create(sandbox);
  EXPECT_EQ(code(runtime_.start_container(second)), Code::kUnknown);
  EXPECT_EQ(status(second).reason, "StartError");
  EXPECT_EQ(status(second).exit_code, 128);

  runtime_.script("main", FakeRuntime::Script());
  config_.metadata.attempt = 2;
  const auto third = start(sandbox);
  EXPECT_EQ(runtime_.find_container("main", ContainerState::kRunning), third);
  runtime_.exit_container(third, 137, "OOMKilled");
  EXPECT_EQ(status(third).reason, "OOMKilled");
  EXPECT_THROW(runtime_.exit_container(third, 0), Error);
}

TEST_F(FakeRuntimeTest, RebootLeavesRecordsButNothingRunning) {
  const auto sandbox = run_sandbox();
  const auto id = start(sandbox);
  runtime_.reboot();
  EXPECT_EQ(status(id).exit_code, 255);
  EXPECT_EQ(await(io_, runtime_.pod_sandbox_status(sandbox)).state, PodSandboxState::kNotReady);
}

TEST_F(FakeRuntimeTest, PlannedFaultsHitOnceAndBeforeOrAfterTheEffect) {
  FakeRuntime::Fault before;
  before.code = Code::kUnavailable;
  runtime_.fail_next("RunPodSandbox", before);
  EXPECT_EQ(await(io_, runtime_.version("")).runtime_name, "fake");  // another method is not affected
  EXPECT_EQ(code(runtime_.run_pod_sandbox(sandbox_config_, "")), Code::kUnavailable);
  EXPECT_TRUE(runtime_.sandboxes().empty());

  FakeRuntime::Fault after;
  after.code = Code::kDeadlineExceeded;
  after.after_effect = true;
  runtime_.fail_next("", after);
  EXPECT_EQ(code(runtime_.run_pod_sandbox(sandbox_config_, "")), Code::kDeadlineExceeded);
  EXPECT_EQ(runtime_.sandboxes().size(), 1U);
  EXPECT_EQ(runtime_.count_calls("RunPodSandbox"), 2U);
  EXPECT_EQ(runtime_.calls().back().id, "uid-1");
}

TEST_F(FakeRuntimeTest, HangingCallEndsByCancellationOnly) {
  FakeRuntime::Fault hang;
  hang.hang = true;
  runtime_.fail_next("StartContainer", hang);
  test::Outcome call;
  call.start(io_, runtime_.start_container("c"));
  io_.run_for(20ms);
  EXPECT_FALSE(call.ended);
  call.cancel();
  io_.run_for(1s);
  EXPECT_TRUE(call.aborted());
}

TEST_F(FakeRuntimeTest, EventsAreToldInOrderAndTheStreamBreaksWithTheRuntime) {
  const auto stream = runtime_.container_events();
  const auto sandbox = run_sandbox();
  std::vector<ContainerEventType> seen;
  std::optional<Code> ended;
  const auto listen = [](EventStream& events, std::vector<ContainerEventType>& into) -> Awaitable<void> {
    while (const auto event = co_await events.next()) into.push_back(event->type);
  };
  boost::asio::co_spawn(io_, listen(*stream, seen), [&](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const CallError& failed) {
      ended = failed.code();
    }
  });
  io_.restart();
  while (io_.poll() > 0) {
  }
  std::string id;
  const auto live = [&]() -> Awaitable<void> {
    id = co_await runtime_.create_container(sandbox, config_, sandbox_config_);
    co_await runtime_.start_container(id);
    co_await runtime_.stop_container(id, 0s);
    co_await runtime_.remove_container(id);
  };
  boost::asio::co_spawn(io_, live(), boost::asio::detached);
  run_until([&] { return seen.size() >= 4; });
  EXPECT_THAT(seen, ElementsAre(ContainerEventType::kCreated, ContainerEventType::kStarted,
                                ContainerEventType::kStopped, ContainerEventType::kDeleted));
  EXPECT_FALSE(ended.has_value());
  runtime_.set_down(true);
  run_until([&] { return ended.has_value(); });
  EXPECT_EQ(ended, Code::kUnavailable);
  EXPECT_EQ(code(runtime_.version("")), Code::kUnavailable);
  runtime_.set_down(false);
  runtime_.with_events = false;
  EXPECT_EQ(code(runtime_.container_events()->next()), Code::kUnimplemented);
}

TEST_F(FakeRuntimeTest, PullsKnowRemoteImagesAndTheirUsers) {
  runtime_.add_remote_image("registry/app:1", 5, "robot");
  ImageSpec spec;
  spec.image = "registry/app:1";
  EXPECT_FALSE(await(io_, runtime_.image_status(spec)).has_value());
  EXPECT_EQ(code(runtime_.pull_image(spec, std::nullopt, sandbox_config_)), Code::kUnknown);
  AuthConfig auth;
  auth.username = "robot";
  const auto id = await(io_, runtime_.pull_image(spec, auth, sandbox_config_));
  EXPECT_EQ(await(io_, runtime_.image_status(spec))->id, id);
  EXPECT_EQ(await(io_, runtime_.list_images("registry/app:1")).size(), 1U);
  await(io_, runtime_.remove_image(spec));
  EXPECT_FALSE(await(io_, runtime_.image_status(spec)).has_value());
  spec.image = "registry/none:1";
  EXPECT_EQ(code(runtime_.pull_image(spec, std::nullopt, sandbox_config_)), Code::kNotFound);
}

TEST_F(FakeRuntimeTest, ExecAnswersWhatTheTestSays) {
  const auto id = start(run_sandbox());
  runtime_.on_exec([](const std::string&, const std::vector<std::string>& cmd) {
    return ExecResult{cmd.at(0), "", 7};
  });
  const std::vector<std::string> cmd = {"probe"};
  const auto result = await(io_, runtime_.exec_sync(id, cmd, 1s));
  EXPECT_EQ(result.out, "probe");
  EXPECT_EQ(result.exit_code, 7);
}

TEST(CallErrorTest, SentenceNamesTheCallTheCodeAndTheText) {
  const CallError error("StartContainer", Code::kNotFound, "container \"x\": not found");
  EXPECT_STREQ(error.what(),
               "the container runtime failed StartContainer: NOT_FOUND: container \"x\": not found");
  EXPECT_TRUE(error.not_found());
  EXPECT_EQ(code_of(14), Code::kUnavailable);
  EXPECT_EQ(code_of(99), Code::kUnknown);
}

TEST(CallErrorTest, ANameThatIsTakenIsToldByItsText) {
  const CallError taken(
      "CreateContainer", Code::kUnknown,
      "failed to reserve container name \"c_web_0\": name \"c_web_0\" is reserved for \"0a1b\"");
  EXPECT_TRUE(taken.name_reserved());
  EXPECT_FALSE(CallError("CreateContainer", Code::kUnknown, "no space left on device").name_reserved());
}

TEST_F(FakeRuntimeTest, StoppingAndRemovingWhatIsNotThereIsDone) {
  EXPECT_EQ(code(runtime_.stop_pod_sandbox("none")), Code::kOk);
  EXPECT_EQ(code(runtime_.remove_pod_sandbox("none")), Code::kOk);
  EXPECT_EQ(code(runtime_.stop_container("none", 1s)), Code::kOk);
  EXPECT_EQ(code(runtime_.remove_container("none")), Code::kOk);
  runtime_.fail_next("RemoveContainer", {Code::kUnknown, "device busy"});
  EXPECT_EQ(code(runtime_.remove_container("none")), Code::kUnknown);
}

}  // namespace
}  // namespace edgecore::cri
