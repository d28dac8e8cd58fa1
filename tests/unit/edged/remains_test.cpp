// SPDX-License-Identifier: Apache-2.0
// Pods in the runtime that no source names: what is logged about them, and how often their removal is
// retried.

#include "unit/edged/edged_fixture.hpp"

namespace edgecore::edged::test {
namespace {

TEST_F(EdgedTest, NothingIsSaidOfAnOrphanWhoseNameAnotherPodHas) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  stop_edged();
  meta_->sent.clear();
  Json successor = pod("web", "u-2");
  successor["metadata"]["resourceVersion"] = "9000";
  meta_->objects["default/pod/web"] = successor;
  start_edged();
  ASSERT_TRUE(eventually([&] {
    return runtime_.sandboxes().size() == 1 && runtime_.sandboxes().front().metadata.uid == "u-2";
  }));
  ASSERT_TRUE(runs("web"));
  for (const Json& patch : meta_->patches("web"))
    EXPECT_EQ(kube::string_or(patch, "metadata.uid"), "u-2") << patch.dump();
}

TEST_F(EdgedTest, NothingIsSaidOfAnOrphanWhileTheCloudIsAwayEither) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  stop_edged();
  meta_->sent.clear();
  meta_->objects.erase("default/pod/web");
  meta_->notice(false);
  start_edged();
  ASSERT_TRUE(nothing_left());
  EXPECT_TRUE(meta_->shown("web").empty());
  EXPECT_TRUE(meta_->patches("web").empty());
}

class Remains : public EdgedTest {
 protected:
  /// A pod runs, and its API object vanishes.
  void force_delete() {
    start_edged();
    meta_->put(pod("web", "u-1"));
    ASSERT_TRUE(runs("web"));
    const Json object = meta_->objects.at("default/pod/web");
    meta_->objects.erase("default/pod/web");
    runtime_.clear_calls();
    meta_->push(names::operation::kDelete, object);
  }
};

TEST_F(Remains, WhatTheRuntimeDoesNotFindAnyMoreIsRemoved) {
  cri::FakeRuntime::Fault gone;
  gone.code = cri::Code::kNotFound;
  gone.message = "an error occurred when try to find container: not found";
  gone.after_effect = true;
  for (const char* method : {"StopContainer", "StopPodSandbox", "RemoveContainer", "RemovePodSandbox"})
    runtime_.fail_next(method, gone);
  force_delete();
  ASSERT_TRUE(nothing_left());
  turn_for(60s);
  EXPECT_EQ(runtime_.count_calls("RemoveContainer"), 1U);
  EXPECT_EQ(runtime_.count_calls("RemovePodSandbox"), 1U);
}

TEST_F(Remains, WhatCannotBeRemovedIsTriedEverMoreRarelyAndGoesInTheEnd) {
  runtime_.fail_always("RemoveContainer", {cri::Code::kUnknown, "device or resource busy"});
  runtime_.fail_always("RemovePodSandbox", {cri::Code::kUnknown, "device or resource busy"});
  force_delete();
  turn_for(200s);  // after 0, 10, 30, 70 and 150 s
  EXPECT_LE(runtime_.count_calls("RemoveContainer"), 6U);
  EXPECT_GE(runtime_.count_calls("RemoveContainer"), 4U);
  runtime_.heal("RemoveContainer");
  runtime_.heal("RemovePodSandbox");
  EXPECT_TRUE(
      eventually([&] { return runtime_.containers().empty() && runtime_.sandboxes().empty(); }, 170s));
}

TEST_F(Remains, ARuntimeThatKeepsWhatItHasRemovedIsNotAskedWithoutPause) {
  runtime_.fail_always("RemoveContainer", {cri::Code::kNotFound, "not found"});
  runtime_.fail_always("RemovePodSandbox", {cri::Code::kNotFound, "not found"});
  force_delete();
  turn_for(200s);
  EXPECT_LE(runtime_.count_calls("RemoveContainer"), 6U);
  EXPECT_LE(runtime_.count_calls("StopPodSandbox"), 7U);
}

TEST_F(Remains, AnOrphanThatCannotBeStoppedIsTriedEverMoreRarely) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  stop_edged();
  meta_->objects.erase("default/pod/web");
  runtime_.clear_calls();
  runtime_.fail_always("StopContainer", {cri::Code::kUnknown, "the shim does not answer"});
  runtime_.fail_always("StopPodSandbox", {cri::Code::kUnknown, "the shim does not answer"});
  start_edged();
  turn_for(200s);
  EXPECT_GE(runtime_.count_calls("StopContainer"), 4U);
  EXPECT_LE(runtime_.count_calls("StopContainer"), 9U);
  runtime_.heal("StopContainer");
  runtime_.heal("StopPodSandbox");
  EXPECT_TRUE(
      eventually([&] { return runtime_.containers().empty() && runtime_.sandboxes().empty(); }, 200s));
}

}  // namespace
}  // namespace edgecore::edged::test
