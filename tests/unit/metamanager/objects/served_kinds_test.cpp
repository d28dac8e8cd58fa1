// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/served_kinds.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/ascii.hpp"
#include "edgecore/store/meta_v2.hpp"
#include "metamanager/objects/object_rows.hpp"
#include "unit/metamanager/temporary_store.hpp"

namespace edgecore::metamanager {
namespace {

Json crd(const std::string& group, const std::string& kind, const std::string& plural,
         const char* scope = "Namespaced") {
  Json made = {{"kind", "CustomResourceDefinition"}, {"apiVersion", "apiextensions.k8s.io/v1"}};
  made["metadata"] = {{"name", plural + "." + group}, {"uid", plural}, {"resourceVersion", "7"}};
  const std::string singular = lower_case(kind);
  made["spec"] = {
      {"group", group},
      {"scope", scope},
      {"names", {{"kind", kind}, {"plural", plural}, {"singular", singular}, {"listKind", kind + "List"}}},
      {"versions",
       {{{"name", "v1"}, {"served", true}, {"storage", true}},
        {{"name", "v1beta1"}, {"served", true}, {"storage", false}}}}};
  made["status"]["conditions"] = {{{"type", "Established"}, {"status", "True"}}};
  return made;
}

beehive::ResourcePath path(const std::string& resource) {
  return beehive::parse_resource(resource).value();
}

Json custom(const std::string& api_version, const std::string& kind, const std::string& uid) {
  Json made = {{"kind", kind}, {"apiVersion", api_version}};
  made["metadata"] = {{"name", "x"}, {"namespace", "default"}, {"uid", uid}, {"resourceVersion", "3"}};
  return made;
}

struct ServedKindsTest : testing::Test {
  void store_crd(const Json& made, const std::string& version = "7") {
    store->write([&](store::Transaction& into) {
      const std::string name = made["metadata"]["name"];
      const std::string plural = "customresourcedefinitions";
      store::meta_v2::upsert(into, {store::meta_v2::make_key("apiextensions.k8s.io", "v1", plural, "", name),
                                    store::meta_v2::make_gvr("apiextensions.k8s.io", "v1", plural), "", name,
                                    std::stoull(version), made.dump()});
    });
  }
  TemporaryStore store;
  FakeClock clock{WallTime(std::chrono::seconds(1718020800))};
};

// protocol/03-metaserver.md §2.6: CloudCore's and the Go edge's guesses.
TEST_F(ServedKindsTest, PluralsAreThoseOfTheApi) {
  ServedKinds kinds;
  kinds.learn(crd("networking.istio.io", "Gateway", "gateways"));
  kinds.learn(crd("zoo.example", "Fox", "foxes"));
  kinds.learn(crd("zoo.example", "Sheep", "sheep"));
  kinds.learn(crd("zoo.example", "Mouse", "mice", "Cluster"));
  struct Case {
    const char *group, *version, *kind, *plural;
    bool namespaced;
  };
  for (const Case& one : std::initializer_list<Case>{
           {"", "v1", "Pod", "pods", true},
           {"", "v1", "Node", "nodes", false},
           {"", "v1", "Endpoints", "endpoints", true},
           {"coordination.k8s.io", "v1", "Lease", "leases", true},
           {"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true},
           {"discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", true},
           {"networking.istio.io", "v1", "Gateway", "gateways", true},
           {"networking.istio.io", "v1alpha7", "Gateway", "gateways", true},
           {"zoo.example", "v1", "Fox", "foxes", true},
           {"zoo.example", "v1", "Sheep", "sheep", true},
           {"zoo.example", "v1beta1", "Mouse", "mice", false},
           {"zoo.example", "v1", "Unknown", "unknowns", true},
       }) {
    const auto names = kinds.names_of(one.group, one.version, one.kind);
    EXPECT_EQ(names.plural, one.plural) << one.kind;
    EXPECT_EQ(names.namespaced, one.namespaced) << one.kind;
  }
}

TEST_F(ServedKindsTest, TypeTokensOfTheCloudAreUnderstood) {
  ServedKinds kinds;
  kinds.learn(crd("zoo.example", "Fox", "foxes"));
  kinds.learn(crd("zoo.example", "Mouse", "mice"));
  struct Case {
    const char *token, *kind;
  };
  for (const Case& one : std::initializer_list<Case>{{"gateway", ""},
                                                     {"leas", "Lease"},
                                                     {"leases", "Lease"},
                                                     {"lease", "Lease"},
                                                     {"networkpolicy", "NetworkPolicy"},
                                                     {"endpointslice", "EndpointSlice"},
                                                     {"endpoints", "Endpoints"},
                                                     {"configmap", "ConfigMap"},
                                                     {"storageclass", "StorageClass"},
                                                     {"fox", "Fox"},
                                                     {"foxe", "Fox"},
                                                     {"mice", "Mouse"}}) {
    Json object = {{"metadata", {{"name", "x"}}}};
    kinds.fill(object, one.token);
    EXPECT_EQ(kube::string_or(object, "kind"), one.kind) << one.token;
  }
}

TEST_F(ServedKindsTest, ATokenOfTwoKindsIsNotGuessed) {
  ServedKinds kinds;
  kinds.learn(crd("networking.istio.io", "Gateway", "gateways"));
  kinds.learn(crd("gateway.networking.k8s.io", "Gateway", "gateways"));
  Json object = {{"metadata", {{"name", "x"}}}};
  kinds.fill(object, "gateway");
  EXPECT_FALSE(object.contains("kind"));
}

TEST_F(ServedKindsTest, CrdsAreReadAtTheStartAndLookedUpAgainOnceASecond) {
  store_crd(crd("zoo.example", "Mouse", "mice"));
  const auto reader = store->open_reader();
  ServedKinds kinds(reader, clock, log::get("test"));
  EXPECT_EQ(kinds.names_of("zoo.example", "v1", "Mouse").plural, "mice");
  // metaserver has fetched another one.
  store_crd(crd("zoo.example", "Goose", "geese"));
  EXPECT_EQ(kinds.names_of("zoo.example", "v1", "Goose").plural, "gooses") << "not within the second";
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(kinds.names_of("zoo.example", "v1", "Goose").plural, "geese");
  store->write([](store::Transaction& from) {
    store::meta_v2::remove(from, "/apiextensions.k8s.io/v1/customresourcedefinitions/null/mice.zoo.example");
  });
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(kinds.names_of("zoo.example", "v1", "Ox").plural, "oxes") << "nobody knows it: a look is due";
  EXPECT_EQ(kinds.names_of("zoo.example", "v1", "Mouse").plural, "mouses");
}

TEST_F(ServedKindsTest, AStoredCrdThatIsNoneHarmsNoOther) {
  Json broken = crd("zoo.example", "Ox", "oxen");
  broken["spec"].erase("names");
  store_crd(broken);
  store_crd(crd("zoo.example", "Mouse", "mice"));
  const auto reader = store->open_reader();
  ServedKinds kinds(reader, clock, log::get("test"));
  EXPECT_EQ(kinds.names_of("zoo.example", "v1", "Mouse").plural, "mice");
}

// The SyncController's deletions carry neither kind nor apiVersion (protocol/03-metaserver.md §3.5).
TEST_F(ServedKindsTest, AnOrphanDeletionTakesTheRowOfItsUidAndNoOther) {
  const auto reader = store->open_reader();
  ServedKinds kinds(reader, clock, log::get("test"));
  kinds.learn(crd("networking.istio.io", "Gateway", "gateways"));
  kinds.learn(crd("gateway.networking.k8s.io", "Gateway", "gateways"));
  const auto write = [&](const Json& object) {
    const auto prepared = make_write(kinds, path("default/gateway/x"), object);
    store->write([&](store::Transaction& into) { apply(into, *prepared); });
  };
  write(custom("networking.istio.io/v1beta1", "Gateway", "istio"));
  write(custom("gateway.networking.k8s.io/v1", "Gateway", "other"));
  const std::string istio = "/networking.istio.io/v1beta1/gateways/default/x";
  const std::string other = "/gateway.networking.k8s.io/v1/gateways/default/x";
  ASSERT_TRUE(store::meta_v2::find(reader, istio));
  ASSERT_TRUE(store::meta_v2::find(reader, other));
  const Json minimal = {{"metadata", {{"name", "x"}, {"namespace", "default"}, {"uid", "istio"}}}};
  const auto removal = make_removal(kinds, path("default/gateway/x"), minimal);
  store->write([&](store::Transaction& from) { apply(from, *removal); });
  EXPECT_FALSE(store::meta_v2::find(reader, istio));
  EXPECT_TRUE(store::meta_v2::find(reader, other));
}

TEST_F(ServedKindsTest, AnOrphanDeletionOfAKindThatNoCrdExplainsFindsItByItsStoredRow) {
  const auto reader = store->open_reader();
  ServedKinds kinds(reader, clock, log::get("test"));
  const auto prepared = make_write(kinds, path("default/gizmo/x"), custom("a.example/v2", "Gizmo", "u"));
  store->write([&](store::Transaction& into) { apply(into, *prepared); });
  ASSERT_TRUE(store::meta_v2::find(reader, "/a.example/v2/gizmos/default/x"));
  const Json minimal = {{"metadata", {{"name", "x"}, {"uid", "u"}}}};
  const auto removal = make_removal(kinds, path("default/gizmo/x"), minimal);
  store->write([&](store::Transaction& from) { apply(from, *removal); });
  EXPECT_FALSE(store::meta_v2::find(reader, "/a.example/v2/gizmos/default/x"));
}

}  // namespace
}  // namespace edgecore::metamanager
