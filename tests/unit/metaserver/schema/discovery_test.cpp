// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/discovery.hpp"

#include <gmock/gmock.h>

#include "edgecore/kube/time.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/subresources.hpp"

namespace edgecore::metaserver {
namespace {

using ::testing::Contains;
using ::testing::Test;

Json crd() {
  return kube::parse_json(
      R"({"kind": "CustomResourceDefinition", "metadata": {"name": "crontabs.stable.example.com"},
    "spec": {"group": "stable.example.com", "scope": "Cluster",
      "names": {"plural": "crontabs", "singular": "crontab", "kind": "CronTab", "shortNames": ["ct"]},
      "versions": [{"name": "v1beta1", "served": true}, {"name": "v1", "served": true, "subresources": {"status": {}}}]}})");
}

class DiscoveryTest : public Test {
 protected:
  Json document(std::string_view path, const Representation& as = {}, const Freshness& freshness = {}) {
    return discovery_document(resources_, path, as, freshness, "169.254.30.10:10550");
  }
  /// The entry of a resource list.
  Json entry(std::string_view path, std::string_view name) {
    const Json list = document(path);
    for (const Json& resource : list["resources"])
      if (resource["name"] == name) return resource;
    return nullptr;
  }
  Json aggregated(std::string_view path, const char* version) {
    Representation as;
    as.form = Form::kAggregatedDiscovery;
    as.version = version;
    return document(path, as);
  }
  kube::ApiResources resources_;
};

TEST_F(DiscoveryTest, TheRootsNameVersionsAndGroups) {
  EXPECT_EQ(document("/api"),
            kube::parse_json(R"({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs":
              [{"clientCIDR": "0.0.0.0/0", "serverAddress": "169.254.30.10:10550"}]})"));
  const Json groups = document("/apis");
  EXPECT_EQ(groups["kind"], "APIGroupList");
  EXPECT_THAT(groups["groups"], Contains(kube::parse_json(R"({"name": "apps",
    "versions": [{"groupVersion": "apps/v1", "version": "v1"}],
    "preferredVersion": {"groupVersion": "apps/v1", "version": "v1"}})")));
  EXPECT_EQ(document("/apis/apps")["kind"], "APIGroup");
  EXPECT_EQ(document("/apis/apps/")["name"], "apps");
}

TEST_F(DiscoveryTest, AResourceIsListedWithWhatIsServed) {
  EXPECT_EQ(entry("/api/v1", "pods"), kube::parse_json(R"({"name": "pods", "singularName": "pod",
    "namespaced": true, "kind": "Pod", "shortNames": ["po"], "categories": ["all"],
    "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]})"));
  EXPECT_EQ(entry("/api/v1", "pods/status"), kube::parse_json(R"({"name": "pods/status", "singularName": "",
    "namespaced": true, "kind": "Pod", "verbs": ["get", "patch", "update"]})"));
  EXPECT_EQ(entry("/api/v1", "pods/log")["verbs"], Json({"get"}));
  EXPECT_EQ(entry("/api/v1", "pods/eviction"),
            kube::parse_json(R"({"name": "pods/eviction", "singularName": "",
    "namespaced": true, "kind": "Eviction", "group": "policy", "version": "v1", "verbs": ["create"]})"));
  EXPECT_EQ(entry("/apis/apps/v1", "deployments/scale")["group"], "autoscaling");
  EXPECT_EQ(entry("/api/v1", "serviceaccounts/token")["kind"], "TokenRequest");
  EXPECT_TRUE(entry("/api/v1", "configmaps/status").is_null());
  EXPECT_TRUE(entry("/api/v1", "pods/exec").is_null());
  EXPECT_TRUE(entry("/api/v1", "bindings").is_null());
  EXPECT_EQ(entry("/apis/authorization.k8s.io/v1", "selfsubjectaccessreviews")["verbs"], Json({"create"}));
  EXPECT_TRUE(entry("/apis/authorization.k8s.io/v1", "subjectaccessreviews").is_null());
  EXPECT_EQ(entry("/apis/coordination.k8s.io/v1", "leases")["kind"], "Lease");
}

TEST_F(DiscoveryTest, ALearnedCrdIsFound) {
  resources_.learn(crd());
  EXPECT_EQ(document("/apis/stable.example.com")["preferredVersion"]["version"], "v1");
  EXPECT_EQ(document("/apis/stable.example.com")["versions"].size(), 2U);
  EXPECT_EQ(entry("/apis/stable.example.com/v1", "crontabs")["namespaced"], false);
  EXPECT_FALSE(entry("/apis/stable.example.com/v1", "crontabs/status").is_null());
  EXPECT_TRUE(entry("/apis/stable.example.com/v1beta1", "crontabs/status").is_null());
}

TEST_F(DiscoveryTest, UnknownGroupsAndVersionsAreNotFound) {
  for (const char* path : {"/apis/nothing.io", "/apis/nothing.io/v1", "/apis/apps/v9", "/api/v2", "/apis//v1",
                           "/healthz", "/apis/apps/v1/deployments"}) {
    try {
      document(path);
      ADD_FAILURE() << path;
    } catch (const ApiError& error) {
      EXPECT_EQ(error.status().code, 404) << path;
      EXPECT_EQ(error.status().message, "the server could not find the requested resource");
    }
  }
}

TEST_F(DiscoveryTest, AggregatedDocumentsSayTheSame) {
  resources_.learn(crd());
  const Json core = aggregated("/api", "v2");
  EXPECT_EQ(core["apiVersion"], "apidiscovery.k8s.io/v2");
  ASSERT_EQ(core["items"].size(), 1U);
  EXPECT_FALSE(core["items"][0]["metadata"].contains("name"));
  const Json all = aggregated("/apis", "v2beta1");
  EXPECT_EQ(all["apiVersion"], "apidiscovery.k8s.io/v2beta1");
  std::size_t count = 0;
  for (const Json* list : {&core, &all}) {
    for (const Json& group : (*list)["items"]) {
      for (const Json& version : group["versions"]) {
        EXPECT_EQ(version["freshness"], "Current");
        const std::string name = group["metadata"].value("name", "");
        const std::string path =
            (name.empty() ? "/api/" : "/apis/" + name + "/") + version["version"].get<std::string>();
        for (const Json& resource : version["resources"]) {
          const Json legacy = entry(path, resource["resource"].get<std::string>());
          EXPECT_EQ(legacy["verbs"], resource["verbs"]) << path << resource;
          EXPECT_EQ(legacy["kind"], resource["responseKind"]["kind"]);
          EXPECT_EQ(legacy["namespaced"].get<bool>(), resource["scope"] == "Namespaced");
          for (const Json& sub : resource.value("subresources", Json::array())) {
            const std::string full =
                resource["resource"].get<std::string>() + "/" + sub["subresource"].get<std::string>();
            EXPECT_EQ(entry(path, full)["verbs"], sub["verbs"]) << full;
          }
          ++count;
        }
      }
    }
  }
  std::size_t served = 0;
  for (const auto& resource : resources_.all()) served += verbs_of(*resource).empty() ? 0 : 1;
  EXPECT_EQ(count, served);
}

TEST_F(DiscoveryTest, HowOldItIsStandsWhereClientsDoNotStumble) {
  Freshness freshness;
  freshness.offline = true;
  freshness.as_of = kube::parse_time("2024-05-01T12:00:00Z");
  const Json document_now = document("/apis", {}, freshness);
  EXPECT_EQ(document_now["metadata"]["annotations"]["edgecore.kubeedge.io/offline"], "true");
  EXPECT_EQ(document_now["metadata"]["annotations"]["edgecore.kubeedge.io/as-of"], "2024-05-01T12:00:00Z");
  EXPECT_FALSE(document("/apis").contains("metadata"));
}

TEST_F(DiscoveryTest, OnlyTheRootsCanBeAggregated) {
  EXPECT_EQ(discovery_offer("/api"), Offer::kDiscovery);
  EXPECT_EQ(discovery_offer("/apis/"), Offer::kDiscovery);
  EXPECT_EQ(discovery_offer("/apis/apps"), Offer::kDocument);
  for (const char* path : {"/api", "/api/v1", "/api/v1/", "/apis", "/apis/apps", "/apis/apps/v1"})
    EXPECT_TRUE(is_discovery_path(path)) << path;
  for (const char* path : {"/", "", "/api/v1/pods", "/apis/apps/v1/deployments", "/apix", "/openapi/v2"})
    EXPECT_FALSE(is_discovery_path(path)) << path;
}

}  // namespace
}  // namespace edgecore::metaserver
