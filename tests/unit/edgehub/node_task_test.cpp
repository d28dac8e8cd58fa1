// SPDX-License-Identifier: Apache-2.0
#include "edgehub/node_task.hpp"

#include <gtest/gtest.h>

#include "edgecore/kube/time.hpp"

namespace edgecore::edgehub {
namespace {

using nlohmann::json;

const WallTime kJobTime = kube::parse_time("2025-05-28T08:12:01Z").value();

beehive::Message node_job(const std::string& resource, const json& content = json::object()) {
  return beehive::make_message("taskmanager", "taskmanager", "Check", resource, content);
}
std::string resource_of(const std::string& type) {
  return "operations.kubeedge.io/v1alpha2/" + type + "/j-1/node/edge1";
}

// protocol/08-later-clouds.md §10.3
TEST(NodeTask, EveryKindOfJobGetsAFailedCheckInTheFormOfItsCloud) {
  struct Row {
    const char *type, *reason;
  };
  for (const Row& row :
       {Row{"nodeupgradejob",
            "this node does not run NodeUpgradeJob jobs yet: upgrade edgecore on the node itself"},
        Row{"imageprepulljob",
            "this node does not run ImagePrePullJob jobs yet: pull the images on the node itself"},
        Row{"configupdatejob",
            "this node does not run ConfigUpdateJob jobs yet: change edgecore.yaml on the node "
            "itself"},
        Row{"laterjob", "this node does not run laterjob jobs yet: do it on the node itself"}}) {
    const auto message = node_job(resource_of(row.type));
    EXPECT_TRUE(is_node_job(message));
    const auto report = refuse_node_job(message, "edge1", kJobTime);
    ASSERT_TRUE(report) << row.type;
    const json sent = json::parse(beehive::encode(*report));
    const json route = {{"source", "twin"},
                        {"group", "hub"},
                        {"operation", "UpdateNodeActionStatus"},
                        {"resource", resource_of(row.type)}};
    const json content = {{"action", "Check"},
                          {"succ", false},
                          {"finishTime", "2025-05-28T08:12:01Z"},
                          {"reason", row.reason},
                          {"extend", ""}};
    EXPECT_EQ(sent["route"], route);
    EXPECT_EQ(sent["content"], content);
    EXPECT_FALSE(sent["header"].contains("parent_msg_id"));
  }
}

TEST(NodeTask, AJobIsAnsweredWhateverItsContentIs) {
  for (const json& content :
       {json(nullptr), json("not JSON"), json(7), json::array(), json({{"version", 1}})})
    EXPECT_TRUE(refuse_node_job(node_job(resource_of("nodeupgradejob"), content), "edge1", kJobTime))
        << content;
}

TEST(NodeTask, AResourceThatNamesNoJobOfThisNodeGetsNoReport) {
  for (const char* resource :
       {"operations.kubeedge.io/v1alpha2/", "operations.kubeedge.io/v1alpha2/nodeupgradejob",
        "operations.kubeedge.io/v1alpha2/nodeupgradejob/j/node/",
        "operations.kubeedge.io/v1alpha2//j/node/edge1",
        "operations.kubeedge.io/v1alpha2/nodeupgradejob//node/edge1",
        "operations.kubeedge.io/v1alpha2/nodeupgradejob/j/nodes/edge1",
        "operations.kubeedge.io/v1alpha2/nodeupgradejob/j/node/edge1/x",
        "operations.kubeedge.io/v1alpha2/nodeupgradejob/j/node/edge2", "", "/", "//////"})
    EXPECT_FALSE(refuse_node_job(node_job(resource), "edge1", kJobTime)) << resource;
}

TEST(NodeTask, TasksOfTheEarlierFormAreNoJobs) {
  const auto task = beehive::make_message("taskmanager", "taskmanager", "upgrade", "upgrade/t1/node/edge1",
                                          {{"TaskID", "t1"}, {"Type", "upgrade"}, {"State", ""}});
  EXPECT_FALSE(is_node_job(task));
  const auto report = refuse_node_task(task, "edge1");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->route.operation, "upgrade");
  EXPECT_EQ(report->route.resource, "task/t1/node/edge1");
  EXPECT_EQ(report->content["Event"], "Init");
  EXPECT_EQ(report->content["Action"], "Failure");
  EXPECT_EQ(report->content["Reason"], "this node does not run upgrade jobs yet: do it on the node itself");
}

}  // namespace
}  // namespace edgecore::edgehub
