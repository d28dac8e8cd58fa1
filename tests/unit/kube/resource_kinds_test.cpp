// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/resource_kinds.hpp"

#include <gtest/gtest.h>

#include <set>

#include "edgecore/base/ascii.hpp"
#include "edgecore/kube/names.hpp"

namespace edgecore::kube {
namespace {

TEST(ResourceKindsTest, EveryBuiltInKindMapsBothWays) {
  std::set<std::string> seen;
  for (const ResourceKind& row : builtin_kinds()) {
    SCOPED_TRACE(std::string(row.kind));
    const ResourceKind* by_kind = find_kind(row.kind, row.group);
    ASSERT_NE(by_kind, nullptr);
    EXPECT_EQ(by_kind->kind, row.kind);
    EXPECT_EQ(plural_of(row.kind), row.plural);
    const ResourceKind* by_type = find_type(row.singular);
    ASSERT_NE(by_type, nullptr);
    EXPECT_EQ(by_type->kind, row.kind);
    EXPECT_EQ(row.singular, lower_case(row.kind));
    EXPECT_TRUE(is_dns_label(row.plural));
    EXPECT_TRUE(row.group.empty() || is_dns_subdomain(row.group));
    const auto parsed = parse_api_version(row.api_version());
    EXPECT_EQ(parsed, (GroupVersion{std::string(row.group), std::string(row.version)}));
    const MetaKey key{std::string(row.group), std::string(row.version), std::string(row.plural),
                      row.namespaced ? "default" : "", "x"};
    EXPECT_EQ(MetaKey::parse(key.text()), key);
    EXPECT_TRUE(seen.insert(key.text()).second) << "listed twice";
  }
  EXPECT_GT(seen.size(), 70U);
}

TEST(ResourceKindsTest, PluralsThatSuffixRulesGetWrong) {
  const struct {
    const char* kind;
    const char* plural;
  } rows[] = {{"Endpoints", "endpoints"},
              {"EndpointSlice", "endpointslices"},
              {"Lease", "leases"},
              {"NetworkPolicy", "networkpolicies"},
              {"Ingress", "ingresses"},
              {"IngressClass", "ingressclasses"},
              {"StorageClass", "storageclasses"},
              {"ComponentStatus", "componentstatuses"},
              {"CSIStorageCapacity", "csistoragecapacities"},
              {"ServiceAccountAccess", "serviceaccountaccesses"},
              {"CustomResourceDefinition", "customresourcedefinitions"},
              {"PodStatus", "podstatus"},
              {"NodeStatus", "nodestatus"},
              // not in the table
              {"Gateway", "gateways"},
              {"VirtualService", "virtualservices"},
              {"ServiceEntry", "serviceentries"},
              {"Mesh", "meshes"},
              {"Box", "boxes"},
              {"Y", "ys"},
              {"", ""}};
  for (const auto& row : rows) EXPECT_EQ(plural_of(row.kind), row.plural) << row.kind;
}

TEST(ResourceKindsTest, CoreComesFirstAndGroupsAreToldApart) {
  EXPECT_EQ(find_type("event")->group, "");
  EXPECT_EQ(find_kind("Event", "events.k8s.io")->group, "events.k8s.io");
  EXPECT_EQ(find_kind("HorizontalPodAutoscaler")->version, "v2");
  EXPECT_EQ(find_kind("Pod", "apps"), nullptr);
  EXPECT_EQ(find_type("podpatch"), nullptr);
  EXPECT_EQ(find_type(""), nullptr);
  EXPECT_EQ(find_type("device")->api_version(), "devices.kubeedge.io/v1beta1");
}

TEST(ResourceKindsTest, ApiVersions) {
  EXPECT_EQ(parse_api_version("v1"), (GroupVersion{"", "v1"}));
  for (const char* text : {"", "/", "/v1", "apps/", "a/b/c"})
    EXPECT_EQ(parse_api_version(text), std::nullopt) << text;
}

TEST(MetaKeyTest, KeysAreWrittenAndRead) {
  EXPECT_EQ((MetaKey{"", "v1", "pods", "default", "nginx"}.text()), "/core/v1/pods/default/nginx");
  EXPECT_EQ((MetaKey{"", "v1", "nodes", "", "edge1"}.text()), "/core/v1/nodes/null/edge1");
  EXPECT_EQ((MetaKey{"apps", "v1", "deployments", "", ""}.text()), "/apps/v1/deployments/null/null");
  EXPECT_EQ(MetaKey::parse("/core/v1/nodes/null/edge1"), (MetaKey{"", "v1", "nodes", "", "edge1"}));
  for (const char* text : {"", "/", "/version", "core/v1/pods/a/b", "/core/v1/pods/a", "/core/v1/pods/a/b/c",
                           "/core//pods/a/b", "/core/v1/pods/a/", "/core/v1/pods/a/b/", "/////"}) {
    EXPECT_EQ(MetaKey::parse(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace edgecore::kube
