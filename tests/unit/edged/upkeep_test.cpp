// SPDX-License-Identifier: Apache-2.0
// Garbage collection and eviction while the node runs, through the whole module.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <fstream>

#include "support/await.hpp"
#include "unit/edged/edged_fixture.hpp"

namespace edgecore::edged::test {
namespace {

class EdgedUpkeep : public EdgedTest {
 protected:
  static void write(const fs::path& path) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "x";
  }
  /// Attempt numbers of container "c" in the runtime, sorted.
  [[nodiscard]] std::vector<std::uint32_t> attempts() const {
    std::vector<std::uint32_t> out;
    for (const auto& one : runtime_.containers()) out.push_back(one.metadata.attempt);
    std::sort(out.begin(), out.end());
    return out;
  }
};

TEST_F(EdgedUpkeep, LogsOfPodsThatVanishedGoAndThoseOfOthersStay) {
  meta_->put(pod("web", "u-1"));
  write(root_ / "pods" / "default_old_u-9" / "c" / "0.log");
  write(root_ / "pods" / "default_web_u-1" / "c" / "0.log");
  write(root_ / "pods" / "lost+found" / "0.log");
  fs::create_directories(root_ / "containers");
  fs::create_symlink(root_ / "nowhere", root_ / "containers" / "old_default_c-0a1b.log");
  start_edged();
  const auto tidy = [&] {
    return !fs::exists(root_ / "pods" / "default_old_u-9") &&
           !fs::is_symlink(root_ / "containers" / "old_default_c-0a1b.log");
  };
  EXPECT_TRUE(eventually(tidy, 30s));
  ASSERT_TRUE(runs("web"));
  EXPECT_TRUE(fs::exists(root_ / "pods" / "default_web_u-1" / "c" / "0.log"));
  EXPECT_TRUE(fs::exists(root_ / "pods" / "lost+found" / "0.log"));
}

TEST_F(EdgedUpkeep, APodThatIsOverKeepsTheLastRecordOfEachContainer) {
  Json job = pod("job", "u-1");
  job["spec"]["restartPolicy"] = "OnFailure";
  start_edged();
  meta_->put(job);
  ASSERT_TRUE(runs("job"));
  runtime_.exit_container(runtime_.find_container("c"), 1);
  ASSERT_TRUE(eventually([&] { return meta_->status("job", "containerStatuses/0/restartCount") == 1; }));
  runtime_.exit_container(runtime_.find_container("c", cri::ContainerState::kRunning), 0);
  ASSERT_TRUE(eventually([&] { return meta_->phase("job") == "Succeeded"; }));
  EXPECT_TRUE(eventually([&] { return attempts() == std::vector<std::uint32_t>{1}; }, 30s));
  turn_for(300ms);
  EXPECT_EQ(meta_->status("job", "containerStatuses/0/restartCount"), 1);
  EXPECT_EQ(meta_->phase("job"), "Succeeded");
}

TEST_F(EdgedUpkeep, ACrashLoopLeavesOneRecordHoweverSmallTheLimits) {
  adjust_ = [](EdgedOptions& options) {
    options.config.max_per_pod_container_count = 0;
    options.config.max_container_count = 0;
  };
  cri::FakeRuntime::Script crash;
  crash.exit_at_start = 3;  // before anything sees it run
  runtime_.script("c", crash);
  start_edged();
  meta_->put(pod("web", "u-1"));
  const auto restarted = [&](int times) {
    return eventually([&] { return meta_->status("web", "containerStatuses/0/restartCount") == times; }, 30s);
  };
  for (int times = 1; times <= 2; ++times) {
    turn_for(100ms);
    clock_.advance(60s);
    Json touched = meta_->objects.at("default/pod/web");
    touched["metadata"]["labels"]["touched"] = std::to_string(times);
    meta_->put(touched);  // causes a sync earlier than the real clock would
    ASSERT_TRUE(restarted(times));
  }
  EXPECT_TRUE(eventually([&] { return attempts().size() == 1; }, 30s));
  turn_for(300ms);
  EXPECT_EQ(attempts().size(), 1U) << "a live pod's restart count is read from its newest container";
  EXPECT_EQ(meta_->status("web", "containerStatuses/0/lastState/terminated/exitCode"), 3);
}

class EdgedEviction : public EdgedUpkeep {
 protected:
  /// Runs a pod, then restarts the module with these thresholds.
  void run_then_restart_with(const Json& running, const config::StringMap& thresholds) {
    start_edged();
    meta_->put(running);
    ASSERT_TRUE(runs("web"));
    turn_for(200ms);
    stop_edged();
    adjust_ = [thresholds](EdgedOptions& options) { options.config.kubelet.eviction_hard = thresholds; };
  }
  [[nodiscard]] std::string condition(const std::string& type) const {
    const auto node = meta_->objects.find("default/node/edge1");
    if (node == meta_->objects.end()) return {};
    for (const auto& one : kube::array_or_empty(node->second, "status.conditions")) {
      if (kube::string_or(one, "type") == type) return kube::string_or(one, "status");
    }
    return {};
  }
};

TEST_F(EdgedEviction, ShortOfMemoryAPodIsEvictedAndTheNextBestEffortOneIsRefused) {
  Json web = pod("web", "u-1");
  web["spec"]["containers"][0]["resources"]["requests"]["memory"] = "1Mi";
  run_then_restart_with(web, {{"memory.available", "100%"}});
  start_edged();
  ASSERT_TRUE(eventually([&] { return meta_->phase("web") == "Failed"; }, 30s));
  EXPECT_EQ(meta_->status("web", "reason"), "Evicted");
  const Json message = meta_->status("web", "message");
  ASSERT_TRUE(message.is_string());
  EXPECT_TRUE(message.get<std::string>().starts_with("The node was low on resource: memory. Threshold"))
      << message;
  EXPECT_TRUE(eventually([&] { return running() == 0; }));
  EXPECT_TRUE(eventually([&] { return condition("MemoryPressure") == "True"; }));
  EXPECT_EQ(condition("DiskPressure"), "False");

  meta_->put(pod("late", "u-2"));
  ASSERT_TRUE(eventually([&] { return meta_->phase("late") == "Failed"; }));
  EXPECT_EQ(meta_->status("late", "reason"), "Evicted");
  EXPECT_EQ(meta_->status("late", "message"), "Pod was rejected: The node had condition: [MemoryPressure]. ");
  EXPECT_EQ(running(), 0U);
}

TEST_F(EdgedEviction, AFullDiskCostsUnusedImagesFirst) {
  runtime_.add_image("old:1");
  run_then_restart_with(pod("web", "u-1"), {{"nodefs.available", "100%"}});
  start_edged();
  ASSERT_TRUE(eventually([&] { return meta_->phase("web") == "Failed"; }, 30s));
  EXPECT_EQ(meta_->status("web", "reason"), "Evicted");
  const auto first = [&](const char* method) {
    const auto& calls = runtime_.calls();
    return std::find_if(calls.begin(), calls.end(), [&](const auto& one) { return one.method == method; }) -
           calls.begin();
  };
  EXPECT_LT(first("RemoveImage"), first("StopContainer"));
  EXPECT_TRUE(eventually([&] { return condition("DiskPressure") == "True"; }));
}

TEST_F(EdgedEviction, APodThatOutgrowsItsEmptyDirIsEvicted) {
  Json web = pod("web", "u-1");
  web["spec"]["volumes"] = Json::array({{{"name", "v"}, {"emptyDir", {{"sizeLimit", "100Ki"}}}}});
  web["spec"]["containers"][0]["volumeMounts"] = Json::array({{{"name", "v"}, {"mountPath", "/v"}}});
  run_then_restart_with(web, {});
  std::ofstream(root_ / "edged/pods/u-1/volumes/kubernetes.io~empty-dir/v/file") << std::string(1 << 20, 'x');
  start_edged();
  ASSERT_TRUE(eventually([&] { return meta_->phase("web") == "Failed"; }, 30s));
  EXPECT_EQ(meta_->status("web", "reason"), "Evicted");
  EXPECT_EQ(meta_->status("web", "message"), "Usage of EmptyDir volume \"v\" exceeds the limit \"100Ki\". ");
  EXPECT_TRUE(eventually([&] { return running() == 0; }));
}

class EdgedImages : public EdgedUpkeep {
 protected:
  bool has(const std::string& reference) {
    boost::asio::io_context io;
    return !edgecore::test::await(io, runtime_.list_images(reference)).empty();
  }
};

TEST_F(EdgedImages, ImagesThatNoPodWantsGoFromAFullDiskAndAllOthersStay) {
  for (const char* image : {"old:1", "elsewhere:1", "kubeedge/pause:3.6", "pause:3.8", "pulled-before:1"})
    runtime_.add_image(image);
  runtime_.runtime_status.info["config"] = R"({"sandboxImage":"pause:3.8"})";
  runtime_.image_filesystems = {{0, root_.string(), 0, {}}};
  adjust_ = [](EdgedOptions& options) {
    options.config.kubelet.image_gc_high_threshold_percent = 0;  // every disk is above it
    options.config.kubelet.image_gc_low_threshold_percent = 0;
  };
  Json waiting = pod("waiting", "u-2");
  waiting["spec"]["containers"][0]["image"] = "pulled-before:1";
  waiting["spec"]["initContainers"] = Json::array({{{"name", "i"}, {"image", "absent:1"}}});
  meta_->put(pod("web", "u-1"));
  meta_->put(waiting);
  start_edged();
  EXPECT_TRUE(eventually([&] { return !has("old:1") && !has("elsewhere:1"); }, 30s));
  for (const char* image : {"busybox:1", "kubeedge/pause:3.6", "pause:3.8", "pulled-before:1"})
    EXPECT_TRUE(has(image)) << image;
  EXPECT_TRUE(runs("web"));
}

TEST_F(EdgedImages, NoImageGoesWhileThePodsAreNotKnown) {
  runtime_.add_image("old:1");
  runtime_.image_filesystems = {{0, root_.string(), 0, {}}};
  adjust_ = [](EdgedOptions& options) {
    options.config.kubelet.image_gc_high_threshold_percent = 0;
    options.config.kubelet.image_gc_low_threshold_percent = 0;
  };
  meta_->lists_to_fail = 1000;
  start_edged();
  ASSERT_TRUE(eventually([&] { return runtime_.count_calls("ListImages") > 0; }));
  turn_for(300ms);
  EXPECT_EQ(runtime_.count_calls("RemoveImage"), 0U);
}

}  // namespace
}  // namespace edgecore::edged::test
