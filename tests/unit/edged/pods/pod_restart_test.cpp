// SPDX-License-Identifier: Apache-2.0
// An operator restarts a pod (docs/messages.md, "metaserver → edged").

#include "edged/pods/pod_restart.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include "unit/edged/edged_fixture.hpp"

namespace edgecore::edged::test {
namespace {

class PodRestartTest : public EdgedTest {
 protected:
  /// Sends edged the request, and returns its answer.
  beehive::MessagePtr restart(const std::string& name, std::chrono::milliseconds within = 15s) {
    beehive::MessagePtr answer;
    beehive::Message message =
        beehive::make_message(names::source::kMetaServer, names::group::kMeta, names::operation::kRestart,
                              "default/pod/" + name, nullptr);
    boost::asio::co_spawn(
        loop_, bus_.request(names::module::kEdged, std::move(message), within),
        [&answer](const std::exception_ptr&, beehive::MessagePtr got) { answer = std::move(got); });
    EXPECT_TRUE(eventually([&] { return answer != nullptr; }, within + 1s)) << "there is no answer";
    return answer;
  }
  kube::Status refusal(const std::string& name) {
    const auto answer = restart(name);
    if (answer == nullptr || answer->route.operation != names::operation::kError) {
      ADD_FAILURE() << "it was not refused";
      return {};
    }
    return kube::Status::from_json(answer->content);
  }
  bool restarted(const std::string& name, int times) {
    return eventually([&] {
      return meta_->status(name, "containerStatuses/0/restartCount") == times &&
             meta_->phase(name) == "Running" && meta_->status(name, "containerStatuses/0/ready") == true;
    });
  }
};

TEST_F(PodRestartTest, ItsContainersAreStoppedAndComeBackAtOnceHoweverOften) {
  start_edged();
  Json web = pod("web", "u-1");
  web["spec"]["containers"].push_back({{"name", "d"}, {"image", "busybox:1"}});
  meta_->put(web);
  ASSERT_TRUE(runs("web"));
  for (int times = 1; times <= 3; ++times) {  // a crash would cause back-off from the second time on
    const auto answer = restart("web");
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(answer->route.operation, names::operation::kResponse);
    EXPECT_EQ(answer->content, names::content::kOk);
    ASSERT_TRUE(restarted("web", times)) << times;
    EXPECT_TRUE(eventually([&] { return running() == 2; }));
  }
}

TEST_F(PodRestartTest, AContainerThatWaitsOutItsCrashesBeginsAtOnce) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  for (int times = 1; times <= 2; ++times) {
    runtime_.exit_container(runtime_.find_container("c", cri::ContainerState::kRunning), 1);
    ASSERT_TRUE(eventually([&] {
      return meta_->status("web", "containerStatuses/0/restartCount") == 1 &&
             running() == (times == 1 ? 1U : 0U);
    }));
  }
  ASSERT_TRUE(eventually([&] {
    return meta_->status("web", "containerStatuses/0/state/waiting/reason") == "CrashLoopBackOff";
  }));
  EXPECT_EQ(restart("web")->content, names::content::kOk);
  EXPECT_TRUE(restarted("web", 2));
}

TEST_F(PodRestartTest, WithRestartPolicyOnFailureAContainerThatEndsWellComesBackToo) {
  start_edged();
  Json job = pod("job", "u-1");
  job["spec"]["restartPolicy"] = "OnFailure";
  meta_->put(job);
  ASSERT_TRUE(runs("job"));
  cri::FakeRuntime::Script heeds_term;
  heeds_term.exit_at_stop = 0;
  runtime_.script("c", heeds_term);
  EXPECT_EQ(restart("job")->content, names::content::kOk);
  ASSERT_TRUE(restarted("job", 1));
  EXPECT_EQ(meta_->status("job", "containerStatuses/0/lastState/terminated/exitCode"), 143);
  runtime_.exit_container(runtime_.find_container("c", cri::ContainerState::kRunning), 0);
  EXPECT_TRUE(eventually([&] { return meta_->phase("job") == "Succeeded"; })) << "its own end is an end";
}

TEST_F(PodRestartTest, APodThatWouldNotComeBackIsLeftAlone) {
  start_edged();
  Json job = pod("job", "u-1");
  job["spec"]["restartPolicy"] = "Never";
  meta_->put(job);
  ASSERT_TRUE(runs("job"));
  const kube::Status status = refusal("job");
  EXPECT_EQ(status.code, 409);
  EXPECT_NE(status.message.find("restartPolicy is Never"), std::string::npos) << status.message;
  EXPECT_EQ(runtime_.count_calls("StopContainer"), 0U);
  EXPECT_EQ(running(), 1U);
}

TEST_F(PodRestartTest, APodThatDoesNotRunHereIsNotFound) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  ASSERT_TRUE(eventually([&] { return refusal("other").code == 404; }));
  EXPECT_EQ(refusal("").code, 400);
  meta_->begin_deletion("web", 3);
  ASSERT_TRUE(gone("web"));
  EXPECT_TRUE(eventually([&] { return refusal("web").code == 404; }));
}

TEST_F(PodRestartTest, ARuntimeThatDoesNotStopThemIsToldOfInTime) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  runtime_.fail_next("StopContainer", {cri::Code::kInternal, "no shim"});
  const kube::Status failed = refusal("web");
  EXPECT_EQ(failed.code, 500);
  EXPECT_NE(failed.message.find("no shim"), std::string::npos) << failed.message;

  cri::FakeRuntime::Fault slow;
  slow.delay = 11s;
  runtime_.fail_next("StopContainer", slow);
  const auto begin = steady_now();
  const kube::Status late = refusal("web");
  EXPECT_LT(steady_now() - begin, 10s);
  EXPECT_EQ(late.reason, kube::reason::kTimeout);
  EXPECT_EQ(refusal("web").code, 409) << "it is still being restarted";
  EXPECT_TRUE(restarted("web", 1)) << "once they have stopped";
}

TEST(ContainersToRestart, AreThoseThatRunButNotTheEphemeralOnes) {
  kube::Pod pod;
  kube::Container debug;
  debug.name = "debug";
  pod.spec.ephemeral_containers.push_back(debug);
  PodRuntime runtime;
  for (const auto& [name, state] :
       {std::pair{"a", cri::ContainerState::kRunning}, std::pair{"b", cri::ContainerState::kExited},
        std::pair{"c", cri::ContainerState::kUnknown}, std::pair{"debug", cri::ContainerState::kRunning}}) {
    cri::ContainerStatus status;
    status.metadata.name = name;
    status.state = state;
    runtime.containers.push_back(status);
  }
  std::string names;
  for (const auto* one : containers_to_restart(pod, runtime)) names += one->metadata.name;
  EXPECT_EQ(names, "ac");
}

}  // namespace
}  // namespace edgecore::edged::test
