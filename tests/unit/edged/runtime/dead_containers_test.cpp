// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/dead_containers.hpp"

#include <gmock/gmock.h>

#include "unit/edged/upkeep_fixture.hpp"

namespace edgecore::edged {
namespace {

using cri::ContainerState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t kNanosInSecond = 1'000'000'000;

PodFate live(const std::string&) {
  return PodFate::kLive;
}
PodFate by_name(const std::string& uid) {
  if (uid == "gone") return PodFate::kGone;
  return uid == "over" ? PodFate::kTerminated : PodFate::kLive;
}

cri::Container row(const std::string& id, const std::string& uid, const std::string& name,
                   std::int64_t second, ContainerState state = ContainerState::kExited) {
  cri::Container out;
  out.id = id;
  out.pod_sandbox_id = "s-" + uid;
  out.metadata.name = name;
  out.state = state;
  out.created_at = second * kNanosInSecond;
  out.labels = {{kPodUidLabel, uid}, {kContainerNameLabel, name}};
  return out;
}

std::vector<std::string> removed(const std::vector<cri::Container>& all, const PodFates& fate,
                                 const ContainerGcPolicy& policy, bool terminated_too = false) {
  std::vector<std::string> ids;
  const auto now = cri::wall_time(100 * kNanosInSecond);
  for (const auto& one : containers_to_remove(all, fate, policy, now, terminated_too)) ids.push_back(one.id);
  return ids;
}

TEST(ContainersToRemove, KeepsTheNewestOfEachName) {
  const std::vector<cri::Container> all = {row("a1", "u", "a", 1), row("a3", "u", "a", 3),
                                           row("a2", "u", "a", 2), row("b1", "u", "b", 1),
                                           row("v1", "v", "a", 1)};
  EXPECT_THAT(removed(all, live, {}), UnorderedElementsAre("a1", "a2"));
  EXPECT_THAT(removed(all, live, {.per_container = 2}), ElementsAre("a1"));
  EXPECT_THAT(removed(all, live, {.per_container = -1}), IsEmpty());
  EXPECT_THAT(removed(all, live, {.per_container = 0}), UnorderedElementsAre("a1", "a2"));
}

TEST(ContainersToRemove, TheNewestOfALivePodOutlastsEveryLimit) {
  const std::vector<cri::Container> all = {row("l1", "live", "a", 1), row("l2", "live", "a", 2),
                                           row("m3", "live", "b", 3), row("o4", "over", "a", 4),
                                           row("o5", "over", "a", 5), row("g9", "gone", "a", 9)};
  EXPECT_THAT(removed(all, by_name, {.per_container = 0}), UnorderedElementsAre("l1", "o4", "o5", "g9"));
  EXPECT_THAT(removed(all, by_name, {.per_container = -1, .in_total = 0}),
              UnorderedElementsAre("l1", "o4", "o5", "g9"));
}

TEST(ContainersToRemove, NeverWhatRunsOrIsOnItsWayUp) {
  const std::vector<cri::Container> all = {row("runs", "u", "a", 1, ContainerState::kRunning),
                                           row("dead", "u", "a", 2),
                                           row("starting", "u", "a", 3, ContainerState::kCreated),
                                           row("given-up", "u", "b", 1, ContainerState::kCreated),
                                           row("newer", "u", "b", 2, ContainerState::kRunning)};
  EXPECT_THAT(removed(all, live, {.per_container = 0}), UnorderedElementsAre("dead", "given-up"));
}

TEST(ContainersToRemove, AllOfPodsThatAreGone) {
  const std::vector<cri::Container> all = {
      row("x", "gone", "a", 1), row("y", "gone", "a", 2, ContainerState::kCreated),
      row("z", "gone", "a", 3, ContainerState::kRunning), row("o", "over", "a", 1)};
  EXPECT_THAT(removed(all, by_name, {}), UnorderedElementsAre("x", "y"));
  EXPECT_THAT(removed(all, by_name, {}, true), UnorderedElementsAre("x", "y", "o"));
}

TEST(ContainersToRemove, ContainersWithoutOurLabelsAreNobodysBusiness) {
  auto foreign = row("f", "gone", "a", 1);
  foreign.labels.clear();
  EXPECT_THAT(removed({foreign}, by_name, {.per_container = 0, .in_total = 0}), IsEmpty());
}

TEST(ContainersToRemove, MinimumAgeIsWaitedFor) {
  const std::vector<cri::Container> all = {row("old", "u", "a", 10), row("young", "u", "a", 95),
                                           row("newest", "u", "a", 99)};
  ContainerGcPolicy policy;
  policy.minimum_age = std::chrono::seconds(60);
  EXPECT_THAT(removed(all, live, policy), IsEmpty());  // it is the newest of the old ones
  policy.per_container = 0;
  EXPECT_THAT(removed(all, live, policy), ElementsAre("old"));
  EXPECT_TRUE(containers_wait_for_age(all, live, policy, cri::wall_time(100 * kNanosInSecond)));
  EXPECT_FALSE(containers_wait_for_age(all, live, policy, cri::wall_time(1000 * kNanosInSecond)));
}

TEST(ContainersToRemove, TheNodesLimitTakesEquallyAndThenTheOldest) {
  const std::vector<cri::Container> all = {row("a1", "over", "a", 1), row("a2", "over", "a", 2),
                                           row("a3", "over", "a", 3), row("b5", "over", "b", 5)};
  EXPECT_THAT(removed(all, by_name, {.per_container = 3, .in_total = 4}), IsEmpty());
  EXPECT_THAT(removed(all, by_name, {.per_container = 3, .in_total = 2}), UnorderedElementsAre("a1", "a2"));
  EXPECT_THAT(removed(all, by_name, {.per_container = 3, .in_total = 1}),
              UnorderedElementsAre("a1", "a2", "a3"));
}

TEST(SandboxesToRemove, EmptyOnesThatAreNotReadyAndNotTheNewest) {
  const auto make = [](const std::string& id, const std::string& uid, std::int64_t second, bool ready) {
    cri::PodSandbox out;
    out.id = id;
    out.created_at = second * kNanosInSecond;
    out.state = ready ? cri::PodSandboxState::kReady : cri::PodSandboxState::kNotReady;
    out.labels = {{kPodUidLabel, uid}};
    return out;
  };
  auto inside = row("c", "u", "a", 1);
  inside.pod_sandbox_id = "full";
  const std::vector<cri::PodSandbox> all = {make("old", "u", 1, false),   make("full", "u", 2, false),
                                            make("ready", "u", 3, true),  make("newest", "u", 4, false),
                                            make("g1", "gone", 1, false), make("g2", "gone", 2, true)};
  std::vector<std::string> ids;
  for (const auto& one : sandboxes_to_remove(all, {inside}, by_name)) ids.push_back(one.id);
  EXPECT_THAT(ids, UnorderedElementsAre("old", "g1"));
}

class ContainerGcTest : public test::UpkeepTest {
 protected:
  ContainerGc make(ContainerGcPolicy policy = {},
                   std::chrono::milliseconds period = std::chrono::milliseconds(60)) {
    return ContainerGc({runtime_, pool_, io_.get_executor(), clock_, log_, pods_, links_, policy,
                        [this] { return ready_; }, by_name,
                        [this](const std::string& uid) { told_.insert(uid); }, period});
  }
  bool ready_ = true;
  std::set<std::string> told_;
};

TEST_F(ContainerGcTest, NothingIsTouchedBeforeAllPodsAreKnown) {
  const auto box = sandbox("gone");
  runtime_.exit_container(container(box, "gone", "a"), 0);
  runtime_.kill_sandbox(box);
  runtime_.clear_calls();
  ready_ = false;
  auto gc = make();
  EXPECT_FALSE(edgecore::test::await(io_, gc.collect()));
  EXPECT_TRUE(runtime_.calls().empty());
  EXPECT_TRUE(std::filesystem::exists(log_of("gone", "a", 0)));
}

TEST_F(ContainerGcTest, AGonePodLeavesNothingBehindAndALivePodKeepsItsNewest) {
  const auto gone = sandbox("gone");
  runtime_.exit_container(container(gone, "gone", "a"), 0);
  runtime_.kill_sandbox(gone);
  const auto box = sandbox("live");
  const auto first = container(box, "live", "a", 0);
  runtime_.exit_container(first, 1);
  write(log_of("live", "a", 0).string() + ".20240101-000000.gz", "z");
  const auto second = container(box, "live", "a", 1);
  runtime_.exit_container(second, 1);
  const auto third = container(box, "live", "a", 2);
  write(pods_ / "ns_q_live" / "a" / "0.log", "of another pod that is live");
  write(pods_ / "not-a-pods" / "file", "x");
  std::filesystem::create_symlink(root_ / "nowhere", links_ / "p_ns_a-0123abcd.log");

  auto gc = make();
  EXPECT_TRUE(edgecore::test::await(io_, gc.collect()));
  EXPECT_EQ(container_ids(), (std::set<std::string>{second, third}));
  EXPECT_EQ(runtime_.sandboxes().size(), 1U);
  EXPECT_EQ(names(pods_), (std::set<std::string>{"ns_p_live", "ns_q_live", "not-a-pods"}));
  EXPECT_EQ(names(pods_ / "ns_p_live" / "a"), (std::set<std::string>{"1.log", "2.log"}));
  EXPECT_EQ(names(links_), (std::set<std::string>{container_log_link("p", "ns", "a", second),
                                                  container_log_link("p", "ns", "a", third)}));
  EXPECT_EQ(told_, (std::set<std::string>{"gone", "live"}));
}

TEST_F(ContainerGcTest, WhatCannotBeRemovedNowIsRemovedByTheNextPass) {
  const auto box = sandbox("gone");
  runtime_.exit_container(container(box, "gone", "a"), 0);
  runtime_.kill_sandbox(box);
  runtime_.fail_next("RemoveContainer", {cri::Code::kUnknown, "device busy"});
  auto gc = make();
  EXPECT_FALSE(edgecore::test::await(io_, gc.collect()));
  EXPECT_EQ(runtime_.containers().size(), 1U);
  EXPECT_EQ(runtime_.sandboxes().size(), 1U);
  time_.pass(Retry::kFirst);
  EXPECT_TRUE(edgecore::test::await(io_, gc.collect()));
  EXPECT_TRUE(runtime_.containers().empty());
  EXPECT_TRUE(runtime_.sandboxes().empty());
  EXPECT_TRUE(names(pods_).empty());
}

TEST_F(ContainerGcTest, WhatCanNeverBeRemovedIsTriedEverMoreRarely) {
  const auto box = sandbox("gone");
  runtime_.exit_container(container(box, "gone", "a"), 0);
  runtime_.kill_sandbox(box);
  runtime_.fail_always("RemoveContainer", {cri::Code::kUnknown, "device busy"});
  auto gc = make();
  for (int pass = 0; pass < 120; ++pass) {  // ten minutes
    EXPECT_FALSE(edgecore::test::await(io_, gc.collect()));
    time_.pass(std::chrono::seconds(5));
  }
  EXPECT_LE(runtime_.count_calls("RemoveContainer"), 7U);
  EXPECT_GE(runtime_.count_calls("RemoveContainer"), 5U);
}

TEST_F(ContainerGcTest, OneThingOfAPodThatStaysDoesNotKeepTheOthers) {
  const auto box = sandbox("live");
  runtime_.exit_container(container(box, "live", "a", 0), 1);
  runtime_.exit_container(container(box, "live", "b", 0), 1);
  runtime_.fail_next("RemoveContainer", {cri::Code::kUnknown, "device busy"});
  runtime_.fail_next("RemovePodSandbox", {cri::Code::kUnknown, "device busy"});
  auto gc = make();
  EXPECT_THROW(edgecore::test::await(io_, gc.remove_pod("live")), Error);
  EXPECT_EQ(runtime_.containers().size(), 1U);
  edgecore::test::await(io_, gc.remove_pod("live"));
  EXPECT_TRUE(runtime_.containers().empty());
  EXPECT_TRUE(runtime_.sandboxes().empty());
}

TEST_F(ContainerGcTest, TheLinkOfARunningContainerStaysWhileItsLogIsRotated) {
  const auto id = container(sandbox("live"), "live", "a");
  std::filesystem::remove(log_of("live", "a", 0));
  auto gc = make();
  EXPECT_TRUE(edgecore::test::await(io_, gc.collect()));
  EXPECT_EQ(names(links_).size(), 1U);
}

TEST_F(ContainerGcTest, ALogOutsideTheLogDirectoryIsNotFollowed) {
  write(root_ / "precious.log", "keep me");
  cri::ContainerStatus status;
  status.id = "c";
  status.log_path = (pods_ / ".." / "precious.log").string();
  auto gc = make();
  edgecore::test::await(io_, gc.remove_container(status));
  EXPECT_EQ(read(root_ / "precious.log"), "keep me");
}

TEST_F(ContainerGcTest, RemovingAPodTakesAllOfItAndNothingOfOthers) {
  const auto box = sandbox("live");
  runtime_.exit_container(container(box, "live", "a", 0), 1);
  container(box, "live", "b", 0);
  const auto others = container(sandbox("other"), "other", "a", 0);
  auto gc = make();
  edgecore::test::await(io_, gc.remove_pod("live"));
  EXPECT_EQ(container_ids(), std::set<std::string>{others});
  EXPECT_EQ(runtime_.sandboxes().size(), 1U);
  EXPECT_EQ(names(pods_), std::set<std::string>{"ns_p_other"});
  EXPECT_EQ(names(links_), std::set<std::string>{container_log_link("p", "ns", "a", others)});
  edgecore::test::await(io_, gc.remove_pod("live"));  // again is no error
}

TEST_F(ContainerGcTest, PodsBecomingKnownBringsThePassForward) {
  const auto box = sandbox("gone");
  runtime_.exit_container(container(box, "gone", "a"), 0);
  ready_ = false;
  auto gc = make({}, std::chrono::seconds(30));
  boost::asio::cancellation_signal stop;
  boost::asio::co_spawn(io_, gc.run(),
                        boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  io_.restart();
  io_.poll();
  EXPECT_EQ(runtime_.containers().size(), 1U);
  ready_ = true;
  gc.something_died();
  EXPECT_TRUE(time_.until([this] { return runtime_.containers().empty(); }, std::chrono::seconds(20)));
  stop.emit(boost::asio::cancellation_type::terminal);
  time_.pass(std::chrono::milliseconds(100));
}

TEST_F(ContainerGcTest, SleepsUntilSomethingDies) {
  auto gc = make();
  boost::asio::cancellation_signal stop;
  boost::asio::co_spawn(io_, gc.run(),
                        boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  io_.restart();
  time_.pass(std::chrono::milliseconds(300));
  EXPECT_EQ(runtime_.count_calls("ListContainers"), 1U);
  gc.something_died();
  time_.pass(std::chrono::milliseconds(300));
  EXPECT_EQ(runtime_.count_calls("ListContainers"), 2U);
  stop.emit(boost::asio::cancellation_type::terminal);
  time_.pass(std::chrono::milliseconds(100));
  EXPECT_TRUE(io_.stopped());
}

TEST(LogPaths, NamesAreMadeAndReadBack) {
  EXPECT_EQ(container_log_link("p", "ns", "c", "0a1b"), "p_ns_c-0a1b.log");
  EXPECT_EQ(container_id_of_link("p-1_ns_c-0a1b.log"), "0a1b");
  EXPECT_FALSE(container_id_of_link("p_ns_c-0A!.log"));
  EXPECT_FALSE(container_id_of_link("p_ns_c-0a1b"));
  EXPECT_EQ(container_log_link(std::string(250, 'p'), "ns", "c", "0a1b").size(), 255U);
  EXPECT_EQ(pod_uid_of_log_directory("ns_p.x_1-2-3"), "1-2-3");
  for (const char* bad : {"ns_p", "ns_p_", "_p_u", "NS_p_u", "..", "lost+found"})
    EXPECT_FALSE(pod_uid_of_log_directory(bad)) << bad;
  EXPECT_TRUE(is_below("/var/log/pods/a/0.log", "/var/log/pods/"));
  for (const char* bad : {"/var/log/pods", "/var/log/podsx/a", "/var/log/pods/../x", "a", ""})
    EXPECT_FALSE(is_below(bad, "/var/log/pods")) << bad;
}

}  // namespace
}  // namespace edgecore::edged
