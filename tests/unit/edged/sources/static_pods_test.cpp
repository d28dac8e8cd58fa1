// SPDX-License-Identifier: Apache-2.0
#include "edged/sources/static_pods.hpp"

#include <gmock/gmock.h>
#include <spdlog/fmt/fmt.h>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/yaml_json.hpp"
#include "support/umask.hpp"
#include "unit/edged/upkeep_fixture.hpp"

namespace edgecore::edged {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kManifest = R"(apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: c
    image: nginx
    ports: [{containerPort: 80}]
  volumes:
  - name: v
    configMap: {name: m, defaultMode: 0644}
)";

std::string manifest(const std::string& name, const std::string& image = "nginx") {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
         "}\nspec: {containers: [{name: c, image: " + image + "}]}\n";
}

TEST(StaticPod, IsDefaultedNamedAndBoundToTheNode) {
  const auto pod = parse_static_pod(kManifest, "/m/web.yaml", "Edge-1");
  EXPECT_EQ(pod->name, "web-edge-1");
  EXPECT_EQ(pod->ns, "default");
  EXPECT_EQ(pod->spec.node_name, "Edge-1");
  EXPECT_EQ(pod->uid.size(), 32U);
  EXPECT_EQ(pod->uid.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(pod->annotations.at("kubernetes.io/config.hash"), pod->uid);
  EXPECT_EQ(pod->spec.containers.at(0).image_pull_policy, "Always");
  EXPECT_EQ(pod->spec.termination_grace_period_seconds, 30);
  ASSERT_EQ(pod->spec.tolerations.size(), 1U);
  EXPECT_EQ(pod->spec.tolerations[0].op, "Exists");
  EXPECT_EQ(pod->spec.tolerations[0].effect, "NoExecute");
  EXPECT_EQ(kube::string_or(pod->raw, "status.phase"), "Pending");
  EXPECT_EQ(pod->raw["spec"]["volumes"][0]["configMap"]["defaultMode"], 420);
  EXPECT_TRUE(is_static(*pod));
  EXPECT_FALSE(is_mirror(*pod));
}

TEST(StaticPod, TheUidFollowsContentNodeAndPathAndNothingElse) {
  const auto uid = parse_static_pod(kManifest, "/m/web.yaml", "n")->uid;
  EXPECT_EQ(uid, parse_static_pod("# a remark\n" + std::string(kManifest), "/m/web.yaml", "n")->uid);
  EXPECT_EQ(uid, parse_static_pod(kube::yaml_to_json(kManifest).dump(), "/m/web.yaml", "n")->uid);  // as JSON
  EXPECT_NE(uid, parse_static_pod(kManifest, "/m/other.yaml", "n")->uid);
  EXPECT_NE(uid, parse_static_pod(kManifest, "/m/web.yaml", "n2")->uid);
  EXPECT_NE(parse_static_pod(manifest("a", "one"), "/f", "n")->uid,
            parse_static_pod(manifest("a", "two"), "/f", "n")->uid);
}

TEST(StaticPod, TracesOfAnApiObjectAreLeftOut) {
  const auto pod = parse_static_pod(
      R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "w", "uid": "given", "resourceVersion": "5",
          "deletionTimestamp": "2024-01-01T00:00:00Z", "annotations": {"kubernetes.io/config.mirror": "old"}},
          "spec": {"containers": [{"name": "c", "image": "x"}]}, "status": {"phase": "Failed"}})",
      "/f", "n");
  EXPECT_EQ(pod->uid, "given");
  EXPECT_FALSE(pod->deleting());
  EXPECT_FALSE(is_mirror(*pod));
  EXPECT_EQ(kube::string_or(pod->raw, "status.phase"), "Pending");
}

TEST(StaticPod, RefusesWithASentence) {
  for (const char* bad :
       {"", "x", "[]", "{", "kind: Pod\napiVersion: v2", "apiVersion: v1\nkind: Pod",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: UPPER}\nspec: {containers: [{name: c, image: x}]}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}]}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: 3}\nspec: {containers: [{name: c, "
        "image: x}]}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {restartPolicy: Maybe, containers: [{name: c, "
        "image: x}]}"})
    EXPECT_THROW(parse_static_pod(bad, "/f", "n"), BadInput) << bad;
}

TEST(MirrorPod, NamesTheVersionItStandsForAndItsNode) {
  const auto pod = parse_static_pod(kManifest, "/f", "n");
  Json object = mirror_pod(*pod, "n", "node-uid");
  EXPECT_EQ(
      object["metadata"]["ownerReferences"],
      Json::parse(
          R"([{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "node-uid", "controller": true}])"));
  object["metadata"]["uid"] = "from-the-api";
  const auto mirror = kube::parse_pod(object);
  EXPECT_TRUE(is_mirror(*mirror));
  EXPECT_FALSE(is_static(*mirror));
  EXPECT_TRUE(mirrors(*mirror, *pod));
  EXPECT_FALSE(mirrors(*mirror, *parse_static_pod(manifest("web"), "/f", "n")));
  object["metadata"]["deletionTimestamp"] = "2024-01-01T00:00:00Z";
  EXPECT_FALSE(mirrors(*kube::parse_pod(object), *pod));
}

class StaticPodsTest : public test::UpkeepTest {
 protected:
  void SetUp() override {
    UpkeepTest::SetUp();
    directory_ = root_ / "manifests";
  }
  static std::vector<std::string> names_of(const std::vector<kube::PodPtr>& pods) {
    std::vector<std::string> out;
    for (const auto& pod : pods) out.push_back(pod->name);
    return out;
  }
  StaticPods::Deps deps(std::chrono::milliseconds period) {
    return {pool_, io_.get_executor(),
            log_,  directory_,
            "n",   [this](const std::vector<kube::PodPtr>& pods) { delivered_.push_back(names_of(pods)); },
            period};
  }
  StaticPods make(std::chrono::milliseconds period) { return StaticPods(deps(period)); }
  /// Runs the loop until there are `count` deliveries.
  void until(std::size_t count) {
    time_.until([&] { return delivered_.size() >= count; });
    ASSERT_EQ(delivered_.size(), count);
  }
  std::filesystem::path directory_;
  std::vector<std::vector<std::string>> delivered_;
};

TEST_F(StaticPodsTest, ABrokenFileRemovesNoPodNotEvenItsOwn) {
  write(directory_ / "a.yaml", manifest("a"));
  write(directory_ / "b.yaml", manifest("b"));
  const auto first = scan_static_pods(directory_, "n", {});
  write(directory_ / "a.yaml", "{ half a fi");
  write(directory_ / "c.yaml", "nonsense");
  auto second = scan_static_pods(directory_, "n", first);
  EXPECT_THAT(names_of(pods_of(second)), ElementsAre("a-n", "b-n"));
  EXPECT_NE(second.at(directory_ / "a.yaml").complaint, "");
  EXPECT_NE(second.at(directory_ / "c.yaml").complaint, "");
  std::filesystem::remove(directory_ / "a.yaml");
  EXPECT_THAT(names_of(pods_of(scan_static_pods(directory_, "n", second))), ElementsAre("b-n"));
}

TEST_F(StaticPodsTest, TakesPlainFilesAndLinksToThem) {
  write(directory_ / ".hidden.yaml", manifest("hidden"));
  write(directory_ / "sub" / "x.yaml", manifest("sub"));
  write(root_ / "elsewhere.yaml", manifest("linked"));
  std::filesystem::create_symlink(root_ / "elsewhere.yaml", directory_ / "l.yaml");
  std::filesystem::create_symlink(root_ / "nothing", directory_ / "m.yaml");
  EXPECT_THAT(names_of(pods_of(scan_static_pods(directory_, "n", {}))), ElementsAre("linked-n"));
}

TEST_F(StaticPodsTest, OfTwoFilesForOnePodTheFirstCounts) {
  write(directory_ / "a.yaml", manifest("a"));
  write(directory_ / "b.yaml", manifest("a", "other"));
  const auto files = scan_static_pods(directory_, "n", {});
  EXPECT_THAT(names_of(pods_of(files)), ElementsAre("a-n"));
  EXPECT_EQ(files.at(directory_ / "b.yaml").shadow, "a.yaml");
}

TEST_F(StaticPodsTest, AFileBeyondTheLimitIsNotRead) {
  write(directory_ / "big.yaml", manifest("big") + "#" + std::string(kStaticPodMaxBytes, 'x'));
  const auto files = scan_static_pods(directory_, "n", {});
  EXPECT_THAT(pods_of(files), IsEmpty());
  EXPECT_NE(files.at(directory_ / "big.yaml").complaint, "");
}

TEST_F(StaticPodsTest, LinksThatLeadNowhereAreComplainedOf) {
  write(directory_ / "a.yaml", manifest("a"));
  std::filesystem::create_symlink(directory_ / "loop.yaml", directory_ / "loop.yaml");
  std::filesystem::create_symlink(root_ / "nothing", directory_ / "nothing.yaml");
  const auto files = scan_static_pods(directory_, "n", {});
  EXPECT_THAT(names_of(pods_of(files)), ElementsAre("a-n"));
  EXPECT_NE(files.at(directory_ / "loop.yaml").complaint, "");
  EXPECT_NE(files.at(directory_ / "nothing.yaml").complaint, "");
}

TEST_F(StaticPodsTest, OfTooManyFilesTheFirstAreReadAndTheRestIsComplainedOf) {
  for (std::size_t i = 0; i < kStaticPodMaxFiles + 5; ++i)
    write(directory_ / fmt::format("{:05}", i), i % 100 == 0 ? manifest(fmt::format("p{}", i)) : "");
  const auto files = scan_static_pods(directory_, "n", {});
  EXPECT_EQ(pods_of(files).size(), 10U);
  EXPECT_EQ(files.size(), kStaticPodMaxFiles + 1);
  EXPECT_THAT(files.rbegin()->second.complaint, ::testing::HasSubstr("more than"));
}

TEST_F(StaticPodsTest, TheLookAtADirectoryThatCannotBeListedThrows) {
  std::filesystem::create_symlink(directory_, directory_);
  EXPECT_THROW(scan_static_pods(directory_, "n", {}), SystemError);
}

TEST_F(StaticPodsTest, OnlyRootWritesToTheNewDirectoryWhateverTheUmaskIs) {
  for (const mode_t mask : edgecore::test::kExtremeUmasks) {
    const edgecore::test::Umask now(mask);
    directory_ = root_ / std::to_string(mask);
    auto pods = make(std::chrono::hours(1));
    boost::asio::cancellation_signal stop;
    boost::asio::co_spawn(io_, pods.run(),
                          boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
    until(delivered_.size() + 1);
    EXPECT_EQ(edgecore::test::mode_of(directory_), 0750U);
    stop.emit(boost::asio::cancellation_type::terminal);
    time_.pass(std::chrono::milliseconds(200));
  }
}

TEST_F(StaticPodsTest, ThePathMayBeASingleManifest) {
  directory_ = root_ / "single" / "pod.yaml";
  write(directory_, manifest("a"));
  write(root_ / "single" / "other.yaml", manifest("b"));
  auto pods = make(std::chrono::hours(1));
  boost::asio::cancellation_signal stop;
  boost::asio::co_spawn(io_, pods.run(),
                        boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  until(1);
  EXPECT_THAT(delivered_[0], ElementsAre("a-n"));
  write(root_ / "single" / "new", manifest("c"));
  std::filesystem::rename(root_ / "single" / "new", directory_);
  until(2);
  EXPECT_THAT(delivered_[1], ElementsAre("c-n"));
  std::filesystem::remove(directory_);
  until(3);
  EXPECT_THAT(delivered_[2], IsEmpty());
  write(directory_, manifest("d"));
  until(4);
  EXPECT_THAT(delivered_[3], ElementsAre("d-n"));
  stop.emit(boost::asio::cancellation_type::terminal);
  time_.pass(std::chrono::milliseconds(200));
}

/// Runs until the test ends.
class RunningStaticPodsTest : public StaticPodsTest {
 protected:
  void start() {
    pods_.emplace(deps(std::chrono::hours(1)));
    boost::asio::co_spawn(io_, pods_->run(),
                          boost::asio::bind_cancellation_slot(stop_.slot(), [](std::exception_ptr) {}));
  }
  void TearDown() override {
    stop_.emit(boost::asio::cancellation_type::terminal);
    time_.pass(std::chrono::milliseconds(200));
    StaticPodsTest::TearDown();
  }
  /// After `change`, the next delivery without the help of the periodic look.
  std::vector<std::string> after(const std::function<void()>& change) {
    time_.pass(std::chrono::milliseconds(300));  // the last look has ended
    change();
    until(delivered_.size() + 1);
    return delivered_.back();
  }
  std::optional<StaticPods> pods_;
  boost::asio::cancellation_signal stop_;
};

TEST_F(RunningStaticPodsTest, ThePathMayTurnFromAFileIntoADirectory) {
  directory_ = root_ / "single" / "pods";
  write(directory_, manifest("a"));
  start();
  until(1);
  EXPECT_THAT(after([&] {
                std::filesystem::remove(directory_);
                write(directory_ / "b.yaml", manifest("b"));
              }),
              ElementsAre("b-n"));
  EXPECT_THAT(after([&] { write(directory_ / "c.yaml", manifest("c")); }), ElementsAre("b-n", "c-n"));
  EXPECT_THAT(after([&] { std::filesystem::remove_all(directory_); }), IsEmpty());
  EXPECT_TRUE(time_.until([&] { return std::filesystem::is_directory(directory_); })) << "it was no file";
}

TEST_F(RunningStaticPodsTest, ADirectoryMayTurnIntoAFile) {
  write(directory_ / "a.yaml", manifest("a"));
  start();
  until(1);
  write(root_ / "new", manifest("b"));
  EXPECT_THAT(after([&] {
                std::filesystem::rename(directory_, root_ / "old");
                std::filesystem::rename(root_ / "new", directory_);
              }),
              ElementsAre("b-n"));
}

TEST_F(RunningStaticPodsTest, ALinkToAManifestIsFollowed) {
  directory_ = root_ / "links" / "pod.yaml";
  write(root_ / "one" / "first.yaml", manifest("a"));
  write(root_ / "two" / "second.yaml", manifest("b"));
  std::filesystem::create_directories(root_ / "links");
  std::filesystem::create_symlink(root_ / "one" / "first.yaml", directory_);
  start();
  until(1);
  EXPECT_THAT(after([&] { write(root_ / "one" / "first.yaml", manifest("c")); }), ElementsAre("c-n"));
  std::filesystem::create_symlink(root_ / "two" / "second.yaml", root_ / "links" / "new");
  EXPECT_THAT(after([&] { std::filesystem::rename(root_ / "links" / "new", directory_); }),
              ElementsAre("b-n"));
  EXPECT_THAT(after([&] { write(root_ / "two" / "second.yaml", manifest("d")); }), ElementsAre("d-n"));
}

// As kubelet mounts a ConfigMap: the path is a link through ..data, which is replaced.
TEST_F(RunningStaticPodsTest, ALinkOnTheWayIsFollowed) {
  directory_ = root_ / "volume" / "pod.yaml";
  write(root_ / "volume" / "..1" / "pod.yaml", manifest("a"));
  write(root_ / "volume" / "..2" / "pod.yaml", manifest("b"));
  std::filesystem::create_symlink("..1", root_ / "volume" / "..data");
  std::filesystem::create_symlink("..data/pod.yaml", directory_);
  start();
  until(1);
  EXPECT_THAT(after([&] {
                std::filesystem::create_symlink("..2", root_ / "volume" / "..data_tmp");
                std::filesystem::rename(root_ / "volume" / "..data_tmp", root_ / "volume" / "..data");
              }),
              ElementsAre("b-n"));
}

TEST_F(RunningStaticPodsTest, ALinkToADirectoryMayLeadElsewhere) {
  write(root_ / "one" / "a.yaml", manifest("a"));
  write(root_ / "two" / "b.yaml", manifest("b"));
  std::filesystem::create_symlink("one", directory_);
  start();
  until(1);
  std::filesystem::create_symlink("two", root_ / "new");
  EXPECT_THAT(after([&] { std::filesystem::rename(root_ / "new", directory_); }), ElementsAre("b-n"));
  EXPECT_THAT(after([&] { write(root_ / "two" / "c.yaml", manifest("c")); }), ElementsAre("b-n", "c-n"));
}

TEST_F(StaticPodsTest, ChangesAreSeenAtOnceAndNothingIsSaidWithoutAny) {
  auto pods = make(std::chrono::hours(1));
  boost::asio::cancellation_signal stop;
  boost::asio::co_spawn(io_, pods.run(),
                        boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  until(1);  // the directory was made
  EXPECT_THAT(delivered_[0], IsEmpty());
  write(directory_ / "a.yaml", manifest("a"));
  until(2);
  EXPECT_THAT(delivered_[1], ElementsAre("a-n"));
  write(directory_ / "broken.yaml", "{");
  time_.pass(std::chrono::milliseconds(400));
  EXPECT_EQ(delivered_.size(), 2U);
  write(directory_ / ".new", manifest("b"));
  std::filesystem::rename(directory_ / ".new", directory_ / "b.yaml");
  until(3);
  EXPECT_THAT(delivered_[2], ElementsAre("a-n", "b-n"));
  std::filesystem::remove_all(directory_);
  until(4);
  EXPECT_THAT(delivered_[3], IsEmpty());
  time_.until([&] { return std::filesystem::exists(directory_); });
  time_.pass(std::chrono::milliseconds(300));
  write(directory_ / "c.yaml", manifest("c"));
  until(5);
  EXPECT_THAT(delivered_[4], ElementsAre("c-n"));
  stop.emit(boost::asio::cancellation_type::terminal);
  time_.pass(std::chrono::milliseconds(200));
  EXPECT_TRUE(io_.stopped());
}

TEST_F(StaticPodsTest, AnEditorsMovingAboutStopsNoPod) {
  write(directory_ / "a.yaml", manifest("a"));
  auto pods = make(std::chrono::hours(1));
  boost::asio::cancellation_signal stop;
  boost::asio::co_spawn(io_, pods.run(),
                        boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  until(1);
  time_.pass(std::chrono::milliseconds(300));
  std::filesystem::rename(directory_ / "a.yaml", directory_ / "a.yaml~");
  time_.pass(std::chrono::milliseconds(20));
  write(directory_ / "a.yaml", manifest("a", "newer"));
  std::filesystem::remove(directory_ / "a.yaml~");
  until(2);
  EXPECT_THAT(delivered_[1], ElementsAre("a-n"));
  stop.emit(boost::asio::cancellation_type::terminal);
  time_.pass(std::chrono::milliseconds(200));
}

}  // namespace
}  // namespace edgecore::edged
