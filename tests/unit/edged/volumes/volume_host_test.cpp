// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/volume_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <thread>

#include "beehive/loop.hpp"
#include "edgecore/kube/json.hpp"
#include "support/await.hpp"
#include "support/loop.hpp"
#include "unit/edged/volume_scratch.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;
using boost::asio::awaitable;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ConfigKind = kube::EnvFrom::Kind;

/// Objects in memory; counts requests.
class MemoryObjects final : public ObjectSource {
 public:
  explicit MemoryObjects(const Clock& clock) : clock_(clock) {}
  std::map<std::string, Json> objects;  ///< "configmap/m"
  bool online = true;
  int asked = 0;
  int tokens = 0;

  awaitable<MetaAnswer> config_map(std::string, std::string name) override {
    co_return find("configmap/" + name);
  }
  awaitable<MetaAnswer> secret(std::string, std::string name) override { co_return find("secret/" + name); }
  awaitable<TokenAnswer> token(kube::PodPtr pod, kube::ServiceAccountTokenProjection projection) override {
    TokenAnswer answer;
    if (!online) {
      answer.refused = kube::Status::service_unavailable("offline");
      co_return answer;
    }
    answer.token = pod->uid + "-" + std::to_string(++tokens);
    answer.issued = clock_.wall();
    answer.expires = answer.issued + std::chrono::seconds(projection.expiration_seconds);
    co_return answer;
  }

 private:
  MetaAnswer find(const std::string& key) {
    ++asked;
    const auto found = objects.find(key);
    if (found == objects.end()) return {nullptr, kube::Status::not_found("configmap", key)};
    return {found->second, std::nullopt};
  }
  const Clock& clock_;
};

constexpr const char* kVolumes = R"x([
    {"name": "cfg", "configMap": {"name": "m"}}, {"name": "sec", "secret": {"secretName": "s"}},
    {"name": "data", "emptyDir": {}}, {"name": "host", "hostPath": {"path": "/tmp"}},
    {"name": "api", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}},
      {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}}]}}])x";

kube::PodPtr make_pod(const std::string& volumes = kVolumes, const std::string& label = "1") {
  return kube::parse_pod(kube::parse_json(
      R"x({"metadata": {"name": "p", "namespace": "ns", "uid": "u1", "labels": {"l": ")x" + label +
      R"x("}}, "spec": {"serviceAccountName": "sa", "containers": [{"name": "c", "image": "i", "volumeMounts": [
        {"name": "cfg", "mountPath": "/cfg"}, {"name": "cfg", "mountPath": "/one", "subPath": "key"},
        {"name": "data", "mountPath": "/d", "subPathExpr": "$(WHO)/log"}, {"name": "host", "mountPath": "/h"}]}],
        "volumes": )x" +
      volumes + "}}"));
}

class VolumeHostOf : public ::testing::Test {
 protected:
  VolumeHostOf() {
    objects.objects["configmap/m"] = {{"data", {{"key", "one"}}}};
    objects.objects["secret/s"] = {{"data", {{"pass", "aGk="}}}};
  }
  template <class Result>
  Result run(awaitable<Result> work) {
    return edgecore::test::await(loop, std::move(work));
  }
  VolumeHost make_host(std::shared_ptr<Mounter> with) {
    return VolumeHost({scratch.path(), false}, {std::move(with), objects, pool, clock, loop.get_executor()});
  }
  fs::path in_pod(const std::string& path) const {
    return scratch / ("pods/u1/volumes/kubernetes.io~" + path);
  }

  Scratch scratch;
  boost::asio::io_context loop;
  FakeClock clock{WallTime(std::chrono::hours(24 * 365 * 55))};
  MemoryObjects objects{clock};
  std::shared_ptr<MemoryMounter> mounter = std::make_shared<MemoryMounter>();
  BlockingPool pool{"test", {}};
  VolumeHost host = make_host(mounter);
};

TEST_F(VolumeHostOf, MakesEveryKindAndThenRests) {
  const auto first = run(host.set_up(make_pod(), {}));
  EXPECT_TRUE(first.value());
  EXPECT_EQ(content_of(in_pod("configmap/cfg/key")), "one");
  EXPECT_EQ(content_of(in_pod("secret/sec/pass")), "hi");
  EXPECT_EQ(content_of(in_pod("projected/api/token")), "u1-1");
  EXPECT_EQ(content_of(in_pod("projected/api/labels")), "l=\"1\"");
  EXPECT_TRUE(mounter->is_mount_point(in_pod("secret/sec")));
  EXPECT_TRUE(mounter->is_mount_point(in_pod("projected/api")));
  EXPECT_FALSE(mounter->is_mount_point(in_pod("configmap/cfg")));

  const int asked = objects.asked;
  const auto again = run(host.set_up(make_pod(), {}));
  EXPECT_FALSE(again.value());
  EXPECT_EQ(objects.asked, asked) << "a sync without news must ask nobody";
  EXPECT_EQ(objects.tokens, 1);
}

TEST_F(VolumeHostOf, APushedChangeIsWrittenAtTheNextSync) {
  ASSERT_TRUE(run(host.set_up(make_pod(), {})).ok());
  objects.objects["configmap/m"]["data"]["key"] = "two";
  EXPECT_THAT(host.object_changed(ConfigKind::kConfigMap, "ns", "m"), ElementsAre("u1"));
  EXPECT_THAT(host.object_changed(ConfigKind::kConfigMap, "other", "m"), IsEmpty());
  EXPECT_THAT(host.object_changed(ConfigKind::kSecret, "ns", "m"), IsEmpty());
  EXPECT_TRUE(run(host.set_up(make_pod(), {})).value());
  EXPECT_EQ(content_of(in_pod("configmap/cfg/key")), "two");
  EXPECT_FALSE(run(host.set_up(make_pod(), {})).value());
}

TEST_F(VolumeHostOf, LabelsReachTheDownwardApi) {
  ASSERT_TRUE(run(host.set_up(make_pod(), {})).ok());
  EXPECT_TRUE(run(host.set_up(make_pod(kVolumes, "2"), {})).value());
  EXPECT_EQ(content_of(in_pod("projected/api/labels")), "l=\"2\"");
  EXPECT_FALSE(run(host.set_up(make_pod(kVolumes, "2"), {})).value());
}

TEST_F(VolumeHostOf, AMissingObjectHoldsThePodUntilItArrives) {
  objects.objects.erase("configmap/m");
  const auto outcome = run(host.set_up(make_pod(), {}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.failure().message(),
            "MountVolume.SetUp failed for volume \"cfg\": configmap \"m\" not found");
  EXPECT_EQ(content_of(in_pod("secret/sec/pass")), "hi") << "the other volumes are made";
  objects.objects["configmap/m"] = {{"data", {{"key", "late"}}}};
  EXPECT_THAT(host.object_changed(ConfigKind::kConfigMap, "ns", "m"), ElementsAre("u1"));
  EXPECT_TRUE(run(host.set_up(make_pod(), {})).ok());
  EXPECT_EQ(content_of(in_pod("configmap/cfg/key")), "late");
}

TEST_F(VolumeHostOf, ADeletedObjectLeavesTheOldContent) {
  ASSERT_TRUE(run(host.set_up(make_pod(), {})).ok());
  objects.objects.erase("configmap/m");
  host.object_changed(ConfigKind::kConfigMap, "ns", "m");
  EXPECT_FALSE(run(host.set_up(make_pod(), {})).ok());
  EXPECT_EQ(content_of(in_pod("configmap/cfg/key")), "one");
}

TEST_F(VolumeHostOf, TokensAreRenewedInTimeAndKeptOffline) {
  ASSERT_TRUE(run(host.set_up(make_pod(), {})).ok());
  const auto due = host.next_refresh("u1");
  ASSERT_TRUE(due);
  EXPECT_EQ(*due, clock.wall() + minutes(48));
  clock.advance(minutes(48));
  objects.online = false;
  const auto offline = run(host.set_up(make_pod(), {}));
  EXPECT_TRUE(offline.ok());
  EXPECT_EQ(content_of(in_pod("projected/api/token")), "u1-1");
  clock.advance(std::chrono::hours(5));
  EXPECT_TRUE(run(host.set_up(make_pod(), {})).ok()) << "expired, but the best there is";
  objects.online = true;
  clock.advance(minutes(10));
  EXPECT_TRUE(run(host.set_up(make_pod(), {})).value());
  EXPECT_EQ(content_of(in_pod("projected/api/token")), "u1-2");
}

TEST_F(VolumeHostOf, WithoutPermissionToMountThePodSaysSo) {
  mounter->refuse("tmpfs");
  const auto outcome = run(host.set_up(make_pod(), {}));
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.failure().message(),
              HasSubstr("MountVolume.SetUp failed for volume \"sec\": cannot tmpfs"));
  mounter->permit("tmpfs");
  EXPECT_TRUE(run(host.set_up(make_pod(), {})).ok());
}

/// Mounts that never come back, like those of a dead server, until the test lets go.
class HangingMounter final : public MemoryMounter {
 public:
  void mount_tmpfs(const fs::path& target, std::uint64_t bytes) override {
    ++hanging;
    while (hangs) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    MemoryMounter::mount_tmpfs(target, bytes);
  }
  std::atomic<int> hanging{0};
  std::atomic<bool> hangs{true};
};

TEST_F(VolumeHostOf, PodsWhoseMountsHangDoNotHoldUpOthers) {
  const auto hanging = std::make_shared<HangingMounter>();
  BlockingPool small("small", {.threads = 2, .hangs_after = std::chrono::milliseconds(50)});
  VolumeHost with({scratch.path(), false}, {hanging, objects, small, clock, loop.get_executor()});
  int ready = 0;
  const auto set_up = [&](std::string uid, std::string medium) -> awaitable<void> {
    const auto pod = kube::parse_pod(
        kube::parse_json(R"({"metadata": {"name": "p", "namespace": "ns", "uid": ")" + uid +
                         R"("}, "spec": {"volumes": [{"name": "v", "emptyDir": {"medium": ")" + medium +
                         R"("}}], "containers": [{"name": "c", "image": "i"}]}})"));
    PodFacts facts;  // g++ 12 destroys a temporary twice
    const auto made = co_await with.set_up(pod, std::move(facts));
    if (made) ++ready;
  };
  for (const char* uid : {"a", "b", "c", "d"})
    boost::asio::co_spawn(loop, set_up(uid, "Memory"), boost::asio::detached);
  boost::asio::co_spawn(loop, set_up("e", ""), boost::asio::detached);
  for (int i = 0; i < 1000 && ready == 0; ++i) loop.run_for(std::chrono::milliseconds(10));
  EXPECT_EQ(ready, 1) << "the pod on the disk waits for those whose mounts hang";
  EXPECT_GE(hanging->hanging, 2);
  hanging->hangs = false;
  loop.restart();
  loop.run();
  EXPECT_EQ(ready, 5);
}

TEST_F(VolumeHostOf, AMountInsideAConfigMapFindsItsMountPoint) {
  const auto pod = kube::parse_pod(kube::parse_json(R"x({
    "metadata": {"name": "p", "namespace": "ns", "uid": "u1"},
    "spec": {"volumes": [{"name": "cfg", "configMap": {"name": "m"}}, {"name": "data", "emptyDir": {}}],
             "containers": [{"name": "c", "image": "i", "volumeMounts": [
               {"name": "cfg", "mountPath": "/app"}, {"name": "data", "mountPath": "/app/cache/files"}]}]}})x"));
  EXPECT_TRUE(run(host.set_up(pod, {})).ok());
  EXPECT_TRUE(fs::is_directory(in_pod("configmap/cfg/cache/files")));
  objects.objects["configmap/m"] = {{"data", {{"key", "two"}}}};
  host.object_changed(ConfigKind::kConfigMap, "ns", "m");
  EXPECT_TRUE(run(host.set_up(pod, {})).ok());
  EXPECT_EQ(content_of(in_pod("configmap/cfg/key")), "two");
  EXPECT_TRUE(fs::is_directory(in_pod("configmap/cfg/cache/files"))) << "new content leaves it";
}

TEST_F(VolumeHostOf, AVolumeThatCannotBeReadFailsTheContainersThatMountIt) {
  const auto pod = kube::read_pod(kube::parse_json(R"x({
    "metadata": {"name": "p", "namespace": "ns", "uid": "u1"},
    "spec": {"volumes": [{"name": "odd", "hostPath": {"path": "srv"}}, {"name": "data", "emptyDir": {}}],
             "containers": [
               {"name": "a", "image": "i", "volumeMounts": [{"name": "odd", "mountPath": "/o"}]},
               {"name": "b", "image": "i", "volumeMounts": [{"name": "data", "mountPath": "/d"}]}]}})x"));
  EXPECT_TRUE(run(host.set_up(pod, {})).ok());
  EXPECT_THROW(run(host.mounts_for(pod, pod->spec.containers[0], {})), ContainerConfigError);
  EXPECT_EQ(run(host.mounts_for(pod, pod->spec.containers[1], {})).volumes.size(), 1U);
}

TEST_F(VolumeHostOf, AnUnsupportedKindIsNamed) {
  const auto pod = make_pod(R"x([{"name": "cfg", "emptyDir": {}}, {"name": "data", "emptyDir": {}},
      {"name": "host", "persistentVolumeClaim": {"claimName": "x"}}])x");
  const auto outcome = run(host.set_up(pod, {}));
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.failure().message(), HasSubstr("persistentVolumeClaim are not supported"));
}

TEST_F(VolumeHostOf, AFullPoolIsAProblemOfThePodNotACrash) {
  pool.stop(std::chrono::seconds(1));
  const auto outcome = run(host.set_up(make_pod(), {}));
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.failure().message(), "");
}

TEST_F(VolumeHostOf, AMountThatHangsOutlivesItsHostAndFindsAllItNeeds) {
  /// The kernel keeps a tmpfs busy until the test releases it.
  struct Stuck final : MemoryMounter {
    void mount_tmpfs(const fs::path& on, std::uint64_t bytes) override {
      entered.set_value();
      go_on.wait();
      MemoryMounter::mount_tmpfs(on, bytes);
    }
    std::promise<void> entered;
    std::shared_future<void> go_on;
  };
  std::promise<void> gate;
  auto stuck = std::make_shared<Stuck>();
  stuck->go_on = gate.get_future();
  auto entered = stuck->entered.get_future();
  const auto pod = make_pod(R"x([{"name": "cfg", "emptyDir": {}}, {"name": "host", "emptyDir": {}},
      {"name": "data", "emptyDir": {"medium": "Memory"}}])x");
  std::optional<Outcome<bool>> never;
  {
    const auto module = beehive::Loop::make();
    VolumeHost::Deps deps{std::move(stuck), objects, pool, clock, module->executor()};
    VolumeHost first({scratch.path(), false}, std::move(deps));
    boost::asio::co_spawn(module->executor(), edgecore::test::keep_result(first.set_up(pod, {}), never),
                          boost::asio::detached);
    std::thread stopper([&] {
      entered.wait();
      module->stop();
    });
    module->run();
    stopper.join();
    module->close();
  }
  EXPECT_FALSE(never);
  gate.set_value();
  EXPECT_TRUE(pool.stop(std::chrono::seconds(20)));
  EXPECT_TRUE(fs::is_directory(in_pod("empty-dir/data")));
}

TEST_F(VolumeHostOf, GivesAContainerItsMounts) {
  const auto pod = make_pod();
  ASSERT_TRUE(run(host.set_up(pod, {})).ok());
  const std::vector<cri::KeyValue> environment{{"WHO", "me"}};
  const auto mounts = run(host.mounts_for(pod, pod->spec.containers[0], environment));
  ASSERT_EQ(mounts.volumes.size(), 4U);
  EXPECT_EQ(mounts.volumes[0].host_path, in_pod("configmap/cfg"));
  EXPECT_TRUE(mounts.volumes[0].volume_read_only);
  EXPECT_EQ(mounts.volumes[1].host_path, scratch / "pods/u1/volume-subpaths/cfg/c/1");
  EXPECT_EQ(mounts.volumes[2].host_path, scratch / "pods/u1/volume-subpaths/data/c/2");
  EXPECT_TRUE(fs::is_directory(in_pod("empty-dir/data/me/log")));
  EXPECT_EQ(mounts.volumes[3].host_path, "/tmp");
  EXPECT_FALSE(mounts.volumes[3].volume_read_only);
  EXPECT_EQ(mode_of_file(mounts.termination_log), 0666U);
  EXPECT_THROW(run(host.mounts_for(pod, pod->spec.containers[0], {})), ContainerConfigError)
      << "WHO is not set";
}

TEST_F(VolumeHostOf, ASubPathThatLeadsOutIsRefused) {
  const auto pod = make_pod();
  ASSERT_TRUE(run(host.set_up(pod, {})).ok());
  fs::create_directory_symlink("/etc", in_pod("empty-dir/data/me"));
  const std::vector<cri::KeyValue> environment{{"WHO", "me"}};
  try {
    run(host.mounts_for(pod, pod->spec.containers[0], environment));
    FAIL() << "mounted /etc";
  } catch (const ContainerConfigError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("failed to prepare subPath for volumeMount \"data\" of container \"c\""));
    EXPECT_THAT(error.what(), HasSubstr("leads out of its volume"));
  }
}

/// A whole life on the kernel's mounts: the next life adopts them, then removes them.
TEST_F(VolumeHostOf, RealMountsOutliveTheProcessAndGoWithThePod) {
  SKIP_UNLESS_MOUNTS();
  const auto kernel = std::make_shared<KernelMounter>();
  const std::vector<cri::KeyValue> environment{{"WHO", "me"}};
  const auto pod = make_pod();
  {
    VolumeHost first = make_host(kernel);
    EXPECT_TRUE(run(first.prepare()).ok());
    ASSERT_TRUE(run(first.set_up(pod, {})).ok());
    const auto mounts = run(first.mounts_for(pod, pod->spec.containers[0], environment));
    EXPECT_EQ(content_of(mounts.volumes[1].host_path), "one");
  }
  const auto before = kernel->below(scratch / "pods").size();
  EXPECT_EQ(before, 4U);  // two tmpfs, two subPaths
  VolumeHost second = make_host(kernel);
  EXPECT_TRUE(run(second.prepare()).ok());
  EXPECT_TRUE(run(second.set_up(pod, {})).ok());
  EXPECT_EQ(kernel->below(scratch / "pods").size(), before);
  EXPECT_THAT(run(second.orphans({"u1"})), IsEmpty());
  EXPECT_THAT(run(second.orphans({})), ElementsAre("u1"));
  run(second.remove_pod("u1"));
  EXPECT_TRUE(kernel->below(scratch / "pods").empty());
  EXPECT_FALSE(fs::exists(scratch / "pods/u1"));
  run(second.tear_down("u1"));
  EXPECT_TRUE(run(second.set_up(pod, {})).value()) << "a pod may come back";
}

}  // namespace
}  // namespace edgecore::edged
