// SPDX-License-Identifier: Apache-2.0
#include "edgecore/cri/grpc_runtime.hpp"

#include <containerd_events.grpc.pb.h>
#include <cri.grpc.pb.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/detached.hpp>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "edgecore/base/clock.hpp"
#include "support/await.hpp"
#include "support/eventually.hpp"
#include "support/loop.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::cri {
namespace {

namespace v1 = ::runtime::v1;
namespace containerd = ::containerd::services::events::v1;
using namespace std::chrono_literals;
using test::await;
using test::eventually;

/// The answer to a call that stops or removes something.
grpc::Status outcome_for(const std::string& id) {
  if (id == "gone")
    return {grpc::StatusCode::NOT_FOUND, "an error occurred when try to find \"gone\": not found"};
  if (id == "busy") return {grpc::StatusCode::UNKNOWN, "device or resource busy"};
  return grpc::Status::OK;
}

class ScriptedImages final : public v1::ImageService::Service {
  grpc::Status RemoveImage(grpc::ServerContext*, const v1::RemoveImageRequest* request,
                           v1::RemoveImageResponse*) override {
    return outcome_for(request->image().image());
  }
};

/// A runtime at the other end of the socket that answers a few rpcs with recognisable values.
class ScriptedRuntime final : public v1::RuntimeService::Service {
 public:
  grpc::Status Version(grpc::ServerContext*, const v1::VersionRequest* request,
                       v1::VersionResponse* reply) override {
    reply->set_version(request->version());
    reply->set_runtime_name("scripted");
    return grpc::Status::OK;
  }
  grpc::Status ContainerStatus(grpc::ServerContext*, const v1::ContainerStatusRequest* request,
                               v1::ContainerStatusResponse*) override {
    return {grpc::StatusCode::NOT_FOUND, "container \"" + request->container_id() + "\": not found"};
  }
  grpc::Status ListContainers(grpc::ServerContext*, const v1::ListContainersRequest* request,
                              v1::ListContainersResponse* reply) override {
    for (int i = 0; i < 1000; ++i) {
      auto& one = *reply->add_containers();
      one.set_id(request->has_filter() ? "filtered" : "all");
      (*one.mutable_annotations())["ballast"] = std::string(ballast, 'x');
    }
    return grpc::Status::OK;
  }
  /// Hangs until the caller gives up.
  grpc::Status StartContainer(grpc::ServerContext* context, const v1::StartContainerRequest*,
                              v1::StartContainerResponse*) override {
    const auto give_up = steady_now() + 20s;
    while (!context->IsCancelled() && steady_now() < give_up) std::this_thread::sleep_for(5ms);
    if (context->IsCancelled()) ++cancelled;
    return grpc::Status::OK;
  }
  grpc::Status StopContainer(grpc::ServerContext* context, const v1::StopContainerRequest* request,
                             v1::StopContainerResponse*) override {
    const auto left = context->deadline() - std::chrono::system_clock::now();
    seconds_left = std::chrono::duration_cast<std::chrono::seconds>(left).count();
    grace = request->timeout();
    return outcome_for(request->container_id());
  }
  grpc::Status RemoveContainer(grpc::ServerContext*, const v1::RemoveContainerRequest* request,
                               v1::RemoveContainerResponse*) override {
    return outcome_for(request->container_id());
  }
  grpc::Status StopPodSandbox(grpc::ServerContext*, const v1::StopPodSandboxRequest* request,
                              v1::StopPodSandboxResponse*) override {
    return outcome_for(request->pod_sandbox_id());
  }
  grpc::Status RemovePodSandbox(grpc::ServerContext*, const v1::RemovePodSandboxRequest* request,
                                v1::RemovePodSandboxResponse*) override {
    return outcome_for(request->pod_sandbox_id());
  }
  grpc::Status GetContainerEvents(grpc::ServerContext* context, const v1::GetEventsRequest*,
                                  grpc::ServerWriter<v1::ContainerEventResponse>* writer) override {
    for (int i = 0; i < events; ++i) {
      v1::ContainerEventResponse event;
      event.set_container_id("c" + std::to_string(i));
      event.set_container_event_type(v1::CONTAINER_STOPPED_EVENT);
      writer->Write(event);
    }
    while (stay && !context->IsCancelled()) std::this_thread::sleep_for(5ms);
    if (context->IsCancelled()) ++cancelled;
    return grpc::Status::OK;
  }

  std::atomic<std::size_t> ballast = 10;
  std::atomic<int> cancelled = 0;
  std::atomic<std::int64_t> seconds_left = 0;
  std::atomic<std::int64_t> grace = 0;
  std::atomic<int> events = 2;
  std::atomic<bool> stay = false;
};

/// containerd's event service: sends what it has to everybody, as if all of it matched the filters.
class ScriptedEvents final : public containerd::Events::Service {
 public:
  grpc::Status Subscribe(grpc::ServerContext*, const containerd::SubscribeRequest* request,
                         grpc::ServerWriter<containerd::Envelope>* writer) override {
    filters.assign(request->filters().begin(), request->filters().end());
    for (const containerd::Envelope& one : events) writer->Write(one);
    return grpc::Status::OK;
  }
  void add(const char* topic, const google::protobuf::MessageLite& event) {
    containerd::Envelope& one = events.emplace_back();
    one.set_namespace_("k8s.io");
    one.set_topic(topic);
    one.mutable_event()->set_value(event.SerializeAsString());
  }
  void add_exit(const char* container, const char* process, std::int64_t second) {
    containerd::TaskExit exit;
    exit.set_container_id(container);
    exit.set_id(process);
    exit.set_pid(7);
    exit.set_exit_status(137);
    exit.mutable_exited_at()->set_seconds(second);
    exit.mutable_exited_at()->set_nanos(5);
    add("/tasks/exit", exit);
  }

  std::vector<containerd::Envelope> events;
  std::vector<std::string> filters;
};

class GrpcRuntimeTest : public testing::Test {
 protected:
  void SetUp() override { options_.runtime_endpoint = "unix://" + dir_.string() + "/cri.sock"; }
  void TearDown() override {
    runtime_.reset();
    stop();
  }

  void serve() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + dir_.string() + "/cri.sock", grpc::InsecureServerCredentials());
    builder.RegisterService(&service_);
    builder.RegisterService(&images_);
    if (with_task_events_) builder.RegisterService(&events_);
    builder.SetMaxSendMessageSize(-1);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }
  void stop() {
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }
  void connect() { runtime_ = make_grpc_runtime(options_); }

  template <class T>
  Code code(Awaitable<T> call) {
    try {
      await(io_, std::move(call));
    } catch (const CallError& error) {
      message_ = error.message();
      return error.code();
    }
    return Code::kOk;
  }

  boost::asio::io_context io_;
  edgecore::test::TemporaryDirectory dir_;
  GrpcRuntimeOptions options_;
  ScriptedRuntime service_;
  ScriptedImages images_;
  ScriptedEvents events_;
  bool with_task_events_ = true;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Runtime> runtime_;
  std::string message_;
};

TEST_F(GrpcRuntimeTest, AnswersAndErrorsComeThrough) {
  serve();
  connect();
  const auto version = await(io_, runtime_->version("0.1.0"));
  EXPECT_EQ(version.version, "0.1.0");
  EXPECT_EQ(version.runtime_name, "scripted");
  EXPECT_EQ(code(runtime_->container_status("x")), Code::kNotFound);
  EXPECT_EQ(message_, "container \"x\": not found");
  EXPECT_EQ(code(runtime_->pod_sandbox_stats("x")), Code::kUnimplemented);
}

TEST_F(GrpcRuntimeTest, WhatTheRuntimeDoesNotFindIsStoppedAndRemoved) {
  serve();
  connect();
  const auto outcomes = [this](const std::string& id) {
    ImageSpec image;
    image.image = id;
    return std::vector<Code>{code(runtime_->stop_container(id, 1s)), code(runtime_->remove_container(id)),
                             code(runtime_->stop_pod_sandbox(id)), code(runtime_->remove_pod_sandbox(id)),
                             code(runtime_->remove_image(image))};
  };
  EXPECT_EQ(outcomes("gone"), std::vector<Code>(5, Code::kOk));
  EXPECT_EQ(outcomes("busy"), std::vector<Code>(5, Code::kUnknown));
}

TEST_F(GrpcRuntimeTest, EmptyFilterIsNotSent) {
  serve();
  connect();
  ContainerFilter filter;
  EXPECT_EQ(await(io_, runtime_->list_containers(filter)).at(0).id, "all");
  filter.state = ContainerState::kCreated;
  EXPECT_EQ(await(io_, runtime_->list_containers(filter)).at(0).id, "filtered");
}

TEST_F(GrpcRuntimeTest, RepliesAboveSixteenMebibytesAreRefused) {
  serve();
  connect();
  const ContainerFilter filter;
  service_.ballast = 16'000;
  EXPECT_EQ(await(io_, runtime_->list_containers(filter)).size(), 1000U);
  service_.ballast = 17'000;
  EXPECT_EQ(code(runtime_->list_containers(filter)), Code::kResourceExhausted);
}

TEST_F(GrpcRuntimeTest, NobodyListeningFailsAtOnce) {
  connect();
  const auto before = steady_now();
  EXPECT_EQ(code(runtime_->version("")), Code::kUnavailable);
  EXPECT_EQ(code(runtime_->version("")), Code::kUnavailable);
  EXPECT_LT(steady_now() - before, 1s);
}

TEST_F(GrpcRuntimeTest, RestartedRuntimeIsFoundWithinTwoSeconds) {
  serve();
  connect();
  EXPECT_EQ(code(runtime_->version("")), Code::kOk);
  stop();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(code(runtime_->version("")), Code::kUnavailable);
    std::this_thread::sleep_for(100ms);
  }
  serve();
  const auto back = steady_now();
  ASSERT_TRUE(eventually([&] { return code(runtime_->version("")) == Code::kOk; }));
  EXPECT_LT(steady_now() - back, 2500ms);  // the back-off has a jitter of a fifth
}

TEST_F(GrpcRuntimeTest, CallsEndAtTheirDeadline) {
  options_.deadlines.request = 50ms;
  serve();
  connect();
  EXPECT_EQ(code(runtime_->start_container("slow")), Code::kDeadlineExceeded);
  EXPECT_TRUE(eventually([&] { return service_.cancelled == 1; }));
}

TEST_F(GrpcRuntimeTest, StopGetsItsGracePeriodOnTopOfTheDeadline) {
  serve();
  connect();
  await(io_, runtime_->stop_container("c", 30s));
  EXPECT_EQ(service_.grace, 30);
  EXPECT_GE(service_.seconds_left, 147);
  EXPECT_LE(service_.seconds_left, 150);
}

TEST_F(GrpcRuntimeTest, CancellationEndsTheCallHereAndThere) {
  serve();
  connect();
  test::Outcome call;
  call.start(io_, runtime_->start_container("slow"));
  io_.run_for(50ms);
  EXPECT_FALSE(call.ended);
  call.cancel();
  io_.run_for(1s);
  EXPECT_TRUE(call.aborted());
  EXPECT_TRUE(eventually([&] { return service_.cancelled == 1; }));
}

TEST_F(GrpcRuntimeTest, DestroyingTheRuntimeEndsItsCalls) {
  serve();
  connect();
  std::optional<Code> ended;
  boost::asio::co_spawn(io_, runtime_->start_container("slow"), [&](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const CallError& failed) {
      ended = failed.code();
    }
  });
  io_.run_for(50ms);
  runtime_.reset();
  io_.restart();
  io_.run_for(1s);
  EXPECT_EQ(ended, Code::kCancelled);
}

TEST_F(GrpcRuntimeTest, AskerThatIsGoneIsNotWoken) {
  serve();
  connect();
  {
    boost::asio::io_context short_lived;
    boost::asio::co_spawn(short_lived, runtime_->start_container("slow"), boost::asio::detached);
    short_lived.run_for(50ms);
  }
  EXPECT_TRUE(eventually([&] { return service_.cancelled == 1; }));
  EXPECT_EQ(code(runtime_->version("")), Code::kOk);
}

TEST_F(GrpcRuntimeTest, ManyCallsAtOnceEachGetTheirOwnAnswer) {
  serve();
  connect();
  int right = 0;
  for (int i = 0; i < 200; ++i) {
    boost::asio::co_spawn(io_, runtime_->version(std::to_string(i)),
                          [&right, i](std::exception_ptr error, const VersionInfo& version) {
                            if (!error && version.version == std::to_string(i)) ++right;
                          });
  }
  io_.run();
  EXPECT_EQ(right, 200);
}

TEST_F(GrpcRuntimeTest, EventsAreToldUntilTheRuntimeEndsTheStream) {
  serve();
  connect();
  const auto stream = runtime_->container_events();
  EXPECT_EQ(await(io_, stream->next())->container_id, "c0");
  const auto second = await(io_, stream->next());
  EXPECT_EQ(second->container_id, "c1");
  EXPECT_EQ(second->type, ContainerEventType::kStopped);
  EXPECT_FALSE(await(io_, stream->next()).has_value());
  EXPECT_EQ(code(stream->next()), Code::kFailedPrecondition);
}

TEST_F(GrpcRuntimeTest, DroppedEventStreamIsEndedAtTheRuntime) {
  service_.stay = true;
  serve();
  connect();
  auto stream = runtime_->container_events();
  EXPECT_TRUE(await(io_, stream->next()).has_value());
  stream.reset();
  EXPECT_TRUE(eventually([&] { return service_.cancelled == 1; }));
}

TEST_F(GrpcRuntimeTest, EventStreamBreaksWithTheRuntime) {
  service_.stay = true;
  service_.events = 1;
  serve();
  connect();
  const auto stream = runtime_->container_events();
  EXPECT_TRUE(await(io_, stream->next()).has_value());
  std::thread killer([this] {
    std::this_thread::sleep_for(50ms);
    stop();
  });
  EXPECT_NE(code(stream->next()), Code::kOk);
  killer.join();
  EXPECT_EQ(code(runtime_->container_events()->next()), Code::kUnavailable);
}

TEST_F(GrpcRuntimeTest, ExitsAndKillsForLackOfMemoryAreTold) {
  containerd::TaskOOM oom;
  oom.set_container_id("a");
  events_.add("/tasks/oom", oom);
  events_.add_exit("a", "a", 1'700'000'000);
  serve();
  connect();
  const auto stream = runtime_->task_events();
  EXPECT_EQ(await(io_, stream->next()), (TaskEvent{"a", TaskEvent::Kind::kOom, 0, 0}));
  EXPECT_EQ(await(io_, stream->next()),
            (TaskEvent{"a", TaskEvent::Kind::kExit, 137, 1'700'000'000'000'000'005}));
  EXPECT_FALSE(await(io_, stream->next()).has_value());
  EXPECT_EQ(events_.filters, (std::vector<std::string>{R"(namespace=="k8s.io",topic=="/tasks/exit")",
                                                       R"(namespace=="k8s.io",topic=="/tasks/oom")"}));
}

TEST_F(GrpcRuntimeTest, ACommandThatEndsInAContainerIsNotTheEndOfTheContainer) {
  events_.add_exit("a", "probe-1", 1);
  events_.add_exit("b", "b", 2);
  serve();
  connect();
  const auto stream = runtime_->task_events();
  EXPECT_EQ(await(io_, stream->next())->container_id, "b");
}

TEST_F(GrpcRuntimeTest, TaskEventsThatMakeNoSenseAreSkipped) {
  containerd::TaskOOM other;
  other.set_container_id("x");
  events_.add("/tasks/start", other);
  events_.events.emplace_back().set_topic("/tasks/exit");
  events_.events.back().mutable_event()->set_value("\xff\xff");
  events_.add_exit("c", "c", INT64_MAX);
  serve();
  connect();
  const auto stream = runtime_->task_events();
  EXPECT_EQ(await(io_, stream->next())->container_id, "c");
}

TEST_F(GrpcRuntimeTest, ARuntimeWithoutTaskEventsSaysSo) {
  with_task_events_ = false;
  serve();
  connect();
  EXPECT_EQ(code(runtime_->task_events()->next()), Code::kUnimplemented);
}

TEST_F(GrpcRuntimeTest, EndpointsHaveToBeUnixSockets) {
  options_.runtime_endpoint = "tcp://127.0.0.1:1234";
  EXPECT_THROW(connect(), BadInput);
  options_.runtime_endpoint = "";
  EXPECT_THROW(connect(), BadInput);
  options_.runtime_endpoint = dir_.string() + "/cri.sock";
  EXPECT_NO_THROW(connect());
}

}  // namespace
}  // namespace edgecore::cri
