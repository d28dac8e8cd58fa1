// SPDX-License-Identifier: Apache-2.0
// Static pods and their mirrors, through the whole module: real files and bus, a runtime and a cloud in
// memory.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <ctime>

#include "edged/sources/mirror_pods.hpp"
#include "edged/sources/static_pod.hpp"
#include "unit/edged/edged_fixture.hpp"

namespace edgecore::edged::test {
namespace {

constexpr const char* kMirror = "default/pod/web-edge1";

std::string manifest(const std::string& name, const std::string& image = "busybox:1") {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
         "}\nspec: {terminationGracePeriodSeconds: 2, containers: [{name: c, image: '" + image +
         "', imagePullPolicy: IfNotPresent}]}\n";
}

class StaticPodTest : public EdgedTest {
 protected:
  /// The mirror's UID; empty when there is none.
  [[nodiscard]] std::string mirror() const {
    const auto found = meta_->objects.find(kMirror);
    return found == meta_->objects.end() ? "" : kube::string_or(found->second, "metadata.uid");
  }
  [[nodiscard]] std::string running_id() const {
    return runtime_.find_container("c", cri::ContainerState::kRunning);
  }
  bool shown_running() {
    return eventually([&] { return meta_->phase("web-edge1") == "Running"; });
  }
  [[nodiscard]] std::string pod_uid() const {
    const auto sandboxes = runtime_.sandboxes();
    return sandboxes.empty() ? "" : sandboxes.front().metadata.uid;
  }
};

TEST_F(StaticPodTest, RunsWithoutACloudAndWithoutADatabase) {
  meta_->connected = false;
  meta_->lists_to_fail = 1000;
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  EXPECT_TRUE(eventually([&] { return running() == 1; }));
}

TEST_F(StaticPodTest, IsShownInTheCloudWithItsStatus) {
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  ASSERT_TRUE(shown_running());
  const Json object = meta_->objects.at(kMirror);
  const Json& annotations = object["metadata"]["annotations"];
  EXPECT_EQ(annotations["kubernetes.io/config.mirror"], pod_uid());
  EXPECT_EQ(annotations["kubernetes.io/config.hash"], pod_uid());
  EXPECT_EQ(annotations["kubernetes.io/config.source"], "file");
  EXPECT_TRUE(annotations.contains("kubernetes.io/config.seen"));
  const Json& owner = object["metadata"]["ownerReferences"][0];
  EXPECT_EQ(owner["kind"], "Node");
  EXPECT_EQ(owner["uid"], meta_->objects.at("default/node/edge1")["metadata"]["uid"]);
  EXPECT_NE(mirror(), pod_uid());
  EXPECT_EQ(meta_->status("web-edge1", "containerStatuses/0/ready"), true);
  for (const Json& patch : meta_->patches("web-edge1")) EXPECT_EQ(patch["metadata"]["uid"], mirror());
  turn_for(500ms);
  EXPECT_EQ(running(), 1U) << "the mirror is not run";
  EXPECT_EQ(meta_->count("insert", kMirror), 1U);
}

TEST_F(StaticPodTest, IsShownWhenTheCloudComesLater) {
  meta_->connected = false;
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  ASSERT_TRUE(eventually([&] { return running() == 1; }));
  EXPECT_EQ(mirror(), "");
  meta_->notice(true);
  EXPECT_TRUE(shown_running());
}

TEST_F(StaticPodTest, ADeletionOfItsMirrorDoesNotStopItAndTheMirrorComesBack) {
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  ASSERT_TRUE(shown_running());
  const std::string container = running_id();
  for (const bool forced : {false, true}) {
    const std::string before = mirror();
    if (forced) {
      const Json object = meta_->objects.at(kMirror);
      meta_->objects.erase(kMirror);
      meta_->push(names::operation::kDelete, object);
    } else {
      meta_->begin_deletion("web-edge1", 30);
    }
    ASSERT_TRUE(eventually([&] { return !mirror().empty() && mirror() != before; }, 20s)) << forced;
    EXPECT_TRUE(shown_running()) << forced;
    EXPECT_EQ(running_id(), container) << forced;
  }
}

TEST_F(StaticPodTest, AMirrorThatIsDeletedAgainAndAgainIsNotMadeInALoop) {
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  ASSERT_TRUE(shown_running());
  const auto end = steady_now() + 3s;
  std::string last;
  while (steady_now() < end) {
    if (!mirror().empty() && mirror() != last) {
      last = mirror();
      meta_->begin_deletion("web-edge1", 30);
    }
    turn_for(5ms);
  }
  EXPECT_LE(meta_->count("insert", kMirror), 4U);
}

TEST_F(StaticPodTest, EndsWithItsFileAndItsMirrorWithIt) {
  write_manifest("web.yaml", manifest("web"));
  write_manifest("db.yaml", manifest("db"));
  start_edged();
  ASSERT_TRUE(shown_running() && runs("db-edge1"));
  fs::remove(root_ / "manifests/web.yaml");
  EXPECT_TRUE(eventually([&] { return running() == 1 && runtime_.sandboxes().size() == 1; }));
  EXPECT_TRUE(gone("web-edge1"));
  EXPECT_EQ(meta_->phase("db-edge1"), "Running");
}

TEST_F(StaticPodTest, AChangedFileReplacesThePodOnlyAfterTheOldOneStopped) {
  runtime_.add_image("busybox:2");
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  ASSERT_TRUE(shown_running());
  const std::string old_uid = pod_uid(), old_mirror = mirror(), old_container = running_id();
  write_manifest("web.yaml", manifest("web", "busybox:2"));
  bool overlapped = false;
  ASSERT_TRUE(eventually([&] {
    overlapped = overlapped || running() > 1;
    return !running_id().empty() && running_id() != old_container;
  }));
  EXPECT_FALSE(overlapped);
  ASSERT_TRUE(eventually([&] { return !mirror().empty() && mirror() != old_mirror; }));
  ASSERT_TRUE(shown_running());
  EXPECT_TRUE(eventually([&] { return runtime_.sandboxes().size() == 1; }));
  EXPECT_NE(pod_uid(), old_uid);
  EXPECT_EQ(meta_->objects.at(kMirror)["metadata"]["annotations"]["kubernetes.io/config.hash"], pod_uid());
}

TEST_F(StaticPodTest, ARestartAdoptsItAndSaysNothing) {
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  ASSERT_TRUE(shown_running());
  turn_for(300ms);
  const std::string container = running_id(), shown = mirror();
  const Json started = meta_->status("web-edge1", "startTime");
  stop_edged();
  meta_->sent.clear();
  clock_.advance(100s);
  start_edged();
  turn_for(3s);
  EXPECT_EQ(running_id(), container);
  EXPECT_EQ(runtime_.containers().size(), 1U);
  EXPECT_EQ(mirror(), shown);
  EXPECT_EQ(meta_->status("web-edge1", "startTime"), started);
  EXPECT_TRUE(meta_->patches("web-edge1").empty()) << meta_->patches("web-edge1").front();
  EXPECT_EQ(meta_->count("insert", kMirror) + meta_->count("delete", kMirror), 0U);
}

TEST_F(StaticPodTest, OfflineAChangeWhileWeWereAwayIsCarriedOutAndShownAfterwards) {
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  ASSERT_TRUE(shown_running());
  stop_edged();
  const std::string old_mirror = mirror(), old_container = running_id();
  meta_->connected = false;
  fs::rename(root_ / "manifests/web.yaml", root_ / "manifests/other.yaml");
  start_edged();
  ASSERT_TRUE(eventually([&] { return !running_id().empty() && running_id() != old_container; }));
  EXPECT_EQ(mirror(), old_mirror);
  meta_->notice(true);
  EXPECT_TRUE(eventually([&] { return mirror() != old_mirror && meta_->phase("web-edge1") == "Running"; }));
}

TEST_F(StaticPodTest, ARestartWithADirectoryThatCannotBeReadEndsNoStaticPodAndHoldsUpNoOther) {
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  meta_->put(pod("api", "u-1"));
  ASSERT_TRUE(shown_running() && runs("api"));
  stop_edged();
  const std::string shown = mirror();
  meta_->objects.erase("default/pod/api");
  fs::rename(root_ / "manifests", root_ / "away");
  fs::create_symlink(root_ / "manifests", root_ / "manifests");
  start_edged();
  ASSERT_TRUE(eventually([&] { return runtime_.sandboxes().size() == 1; })) << "the unwanted pod stays";
  turn_for(1500ms);
  EXPECT_EQ(running(), 1U);
  EXPECT_EQ(mirror(), shown);
  fs::remove(root_ / "manifests");
  fs::create_directory(root_ / "manifests");
}

TEST_F(StaticPodTest, AFileThatWentWhileWeWereAwayEndsItsPod) {
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  ASSERT_TRUE(shown_running());
  stop_edged();
  fs::remove(root_ / "manifests/web.yaml");
  start_edged();
  EXPECT_TRUE(nothing_left());
  EXPECT_TRUE(gone("web-edge1"));
}

TEST_F(StaticPodTest, AMirrorThatTheDatabaseLostIsFoundAgain) {
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  ASSERT_TRUE(shown_running());
  stop_edged();
  const std::string shown = mirror(), container = running_id();
  meta_->unlisted.insert(kMirror);
  meta_->objects.at(kMirror)["status"]["phase"] = "Pending";
  start_edged();
  EXPECT_TRUE(shown_running());
  EXPECT_EQ(mirror(), shown);
  EXPECT_EQ(running_id(), container);
}

TEST_F(StaticPodTest, AnotherPodOfItsNameIsLeftAlone) {
  write_manifest("web.yaml", manifest("web"));
  Json other = pod("web-edge1", "u-9");
  other["spec"]["nodeName"] = "edge2";
  meta_->objects[kMirror] = other;
  meta_->unlisted.insert(kMirror);
  start_edged();
  ASSERT_TRUE(eventually([&] { return running() == 1; }));
  turn_for(500ms);
  EXPECT_EQ(mirror(), "u-9");
  EXPECT_EQ(meta_->count("delete", kMirror), 0U);
}

TEST_F(StaticPodTest, WithoutAMirrorItsStatusWaitsAndNothingSpins) {
  meta_->creation_refusal = kube::Status::forbidden("pods", "web-edge1", "no mirrors here");
  write_manifest("web.yaml", manifest("web"));
  start_edged();
  ASSERT_TRUE(eventually([&] { return running() == 1; }));
  turn_for(500ms);
  EXPECT_EQ(meta_->patches("web-edge1").size(), 0U);
  EXPECT_EQ(meta_->count("insert", kMirror), 1U) << "a refusal is not answered with the same request at once";
  const std::clock_t before = std::clock();
  turn_for(1s);
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 2) << "a loop turns for nothing";
  meta_->creation_refusal.reset();
  meta_->notice(true);
  EXPECT_TRUE(shown_running());
}

TEST_F(StaticPodTest, ABadFileHoldsUpNoOther) {
  write_manifest("a.yaml", "{ half a fi");
  write_manifest("b.yaml", "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: x}]}\n");
  write_manifest("twin.yaml", manifest("web", "busybox:1"));
  fs::create_symlink(root_ / "manifests/loop.yaml", root_ / "manifests/loop.yaml");
  write_manifest("web.yaml", manifest("web", "busybox:other"));
  start_edged();
  EXPECT_TRUE(shown_running());
  EXPECT_EQ(running(), 1U);
}

TEST(MirrorStep, SaysWhatIsNext) {
  const auto wanted = parse_static_pod(manifest("web"), "/f", "n");
  Json object = mirror_pod(*wanted, "n", "u");
  object["metadata"]["uid"] = "m-1";
  const auto good = kube::parse_pod(object);
  object["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "old";
  object["metadata"]["uid"] = "m-2";
  const auto bad = kube::parse_pod(object);
  using Kind = MirrorStep::Kind;
  EXPECT_EQ(next_mirror_step(wanted, {}, false).kind, Kind::kCreate);
  EXPECT_EQ(next_mirror_step(wanted, {}, true).kind, Kind::kNothing);
  EXPECT_EQ(next_mirror_step(wanted, {{"m-1", good}}, false).kind, Kind::kNothing);
  EXPECT_EQ(next_mirror_step(wanted, {{"m-1", good}, {"m-2", bad}}, false).mirror, bad);
  EXPECT_EQ(next_mirror_step(wanted, {{"m-2", bad}}, false).mirror, bad);
  EXPECT_EQ(next_mirror_step(nullptr, {{"m-1", good}}, false).mirror, good);
  EXPECT_EQ(next_mirror_step(nullptr, {{"m-1", good}}, true).kind, Kind::kNothing);
  EXPECT_EQ(next_mirror_step(nullptr, {}, false).kind, Kind::kNothing);
}

}  // namespace
}  // namespace edgecore::edged::test
