// SPDX-License-Identifier: Apache-2.0
// Pods that this node cannot run or read, through the whole module.

#include "unit/edged/edged_fixture.hpp"

namespace edgecore::edged::test {
namespace {

class UnreadablePods : public EdgedTest {
 protected:
  [[nodiscard]] std::string waiting(const std::string& name, int container = 0) const {
    const Json why = meta_->status(name, "containerStatuses/" + std::to_string(container) + "/state/waiting");
    if (!why.is_object()) return "";
    return kube::string_or(why, "reason") + ": " + kube::string_or(why, "message");
  }
  bool waits(const std::string& name, const std::string& part, int container = 0) {
    return eventually([&] { return waiting(name, container).find(part) != std::string::npos; });
  }
  bool gone_soon(const std::string& name) {
    return eventually([&] { return !meta_->objects.contains("default/pod/" + name); }, 4s);
  }
};

TEST_F(UnreadablePods, AnUnknownSourceOfAVariableStopsItsContainerOnlyAndIsReported) {
  start_edged();
  Json two = pod("web", "u-1");
  Json newer = two["spec"]["containers"][0];
  newer["name"] = "d";
  newer["env"] = kube::parse_json(
      R"([{"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "env", "key": "A"}}}])");
  two["spec"]["containers"].push_back(newer);
  meta_->put(two);
  EXPECT_TRUE(waits("web", "CreateContainerConfigError: ", 1)) << meta_->status("web", "containerStatuses");
  EXPECT_NE(waiting("web", 1).find("valueFrom"), std::string::npos) << waiting("web", 1);
  EXPECT_TRUE(eventually([&] { return running() == 1; })) << "the other container runs";
  meta_->begin_deletion("web", 1);
  EXPECT_TRUE(gone_soon("web"));
  EXPECT_TRUE(nothing_left());
}

TEST_F(UnreadablePods, AHostPathThatIsNoPathStopsTheContainerThatMountsItAndIsReported) {
  start_edged();
  Json odd = pod("web", "u-1");
  odd["spec"]["volumes"] = Json::array({{{"name", "v"}, {"hostPath", {{"path", "srv/data"}}}}});
  odd["spec"]["containers"][0]["volumeMounts"] = Json::array({{{"name", "v"}, {"mountPath", "/data"}}});
  meta_->put(odd);
  EXPECT_TRUE(waits("web", "CreateContainerConfigError: "));
  EXPECT_NE(waiting("web").find("must be an absolute path"), std::string::npos) << waiting("web");
  meta_->begin_deletion("web", 1);
  EXPECT_TRUE(gone_soon("web"));
}

TEST_F(UnreadablePods, APodWithAFaultOutsideOfItsContainersIsReportedAndCanBeDeleted) {
  start_edged();
  Json odd = pod("web", "u-1");
  odd["spec"]["hostAliases"] = Json::array({{{"ip", "nowhere"}}});
  meta_->put(odd);
  EXPECT_TRUE(waits("web", "CreateContainerConfigError: "));
  EXPECT_NE(waiting("web").find("hostAliases[0].ip"), std::string::npos) << waiting("web");
  EXPECT_TRUE(runtime_.sandboxes().empty());
  meta_->begin_deletion("web", 1);
  EXPECT_TRUE(gone_soon("web"));
}

TEST_F(UnreadablePods, APodWithoutReadableContainersFailsWithTheReason) {
  start_edged();
  Json odd = pod("web", "u-1");
  odd["spec"]["containers"] = "none";
  meta_->put(odd);
  EXPECT_TRUE(eventually([&] { return meta_->phase("web") == "Failed"; }));
  EXPECT_NE(meta_->status("web", "message").dump().find("spec.containers"), std::string::npos)
      << meta_->status("web", "message");
  meta_->begin_deletion("web", 1);
  EXPECT_TRUE(gone_soon("web"));
}

TEST_F(UnreadablePods, AnUpdateThatCannotBeReadLeavesTheContainersAndStillEndsThemOnDeletion) {
  start_edged();
  meta_->put(pod("web", "u-1"));
  ASSERT_TRUE(runs("web"));
  Json broken = meta_->objects.at("default/pod/web");
  broken["spec"]["containers"] = "none";
  meta_->push(names::operation::kUpdate, broken);
  turn_for(1500ms);
  EXPECT_EQ(running(), 1U);
  EXPECT_EQ(meta_->phase("web"), "Running");
  broken["metadata"]["deletionTimestamp"] = "2024-06-10T06:13:20Z";
  broken["metadata"]["deletionGracePeriodSeconds"] = 1;
  meta_->push(names::operation::kUpdate, broken);
  EXPECT_TRUE(eventually([&] { return running() == 0; }));
}

}  // namespace
}  // namespace edgecore::edged::test
