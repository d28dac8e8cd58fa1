// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/schema_table.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace edgecore::metaserver {
namespace {

TEST(SchemaTableTest, ATypeIsFoundByItsFullName) {
  const SchemaTable table;
  const TypeRow* const pod = table.find("io.k8s.api.core.v1.Pod");
  ASSERT_NE(pod, nullptr);
  EXPECT_TRUE(pod->is_kind);
  EXPECT_EQ(pod->package, "io.k8s.api.core.v1");
  EXPECT_EQ(pod->description, "A collection of containers that run together on a node.");
  EXPECT_EQ(pod->fields().size(), 2U);
  EXPECT_FALSE(table.find("io.k8s.api.core.v1.PodSpec")->is_kind);
  EXPECT_NE(table.find("io.kubeedge.rules.v1.RuleStatus"), nullptr);
  for (const char* none :
       {"", "Pod", "io.k8s.api.core.v1", "io.k8s.api.core.v1.Pods", "io.k8s.api.apps.v1.Pod"})
    EXPECT_EQ(table.find(none), nullptr) << none;
}

TEST(SchemaTableTest, AFieldHasItsTypeAndDescription) {
  const std::vector<FieldRow> fields = SchemaTable().find("io.k8s.api.core.v1.Container")->fields();
  const auto named = [&](std::string_view name) {
    return *std::find_if(fields.begin(), fields.end(), [&](const FieldRow& row) { return row.name == name; });
  };
  EXPECT_TRUE(named("name").required);
  EXPECT_EQ(named("name").type, "string");
  EXPECT_EQ(named("env").type, "[name]EnvVar");
  EXPECT_FALSE(named("env").required);
  EXPECT_EQ(named("env").description, "Environment variables.");
  EXPECT_EQ(fields.front().name, "args");
  EXPECT_EQ(fields.back().name, "workingDir");
}

TEST(SchemaTableTest, NamesOfOtherPackagesAreShort) {
  EXPECT_EQ(full_name("io.k8s.api.apps.v1", "DeploymentSpec"), "io.k8s.api.apps.v1.DeploymentSpec");
  EXPECT_EQ(full_name("io.k8s.api.apps.v1", "core.v1.Pod"), "io.k8s.api.core.v1.Pod");
  EXPECT_EQ(full_name("io.k8s.api.apps.v1", "meta.v1.LabelSelector"),
            "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector");
}

}  // namespace
}  // namespace edgecore::metaserver
