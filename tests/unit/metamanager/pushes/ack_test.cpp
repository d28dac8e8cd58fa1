// SPDX-License-Identifier: Apache-2.0
#include "edgecore/metamanager/ack.hpp"

#include <gtest/gtest.h>

#include "edgecore/beehive/names.hpp"

namespace edgecore::metamanager {
namespace {

beehive::Message cloud_message(const std::string& source, const std::string& operation,
                               const std::string& resource,
                               const nlohmann::json& content = nlohmann::json::object()) {
  return beehive::make_message(source, names::group::kResource, operation, resource, content);
}

TEST(Ack, EchoesWhatItAcknowledges) {
  beehive::Message pod = cloud_message("edgecontroller", "insert", "default/pod/nginx");
  pod.header.type = "resource";
  const beehive::Message ack = make_ack(pod);
  EXPECT_EQ(ack.header.parent_id, pod.header.id);
  EXPECT_NE(ack.header.id, pod.header.id);
  EXPECT_EQ(ack.header.type, "resource");
  EXPECT_EQ(ack.route.source, "edgecontroller");
  EXPECT_EQ(ack.route.group, "resource");
  EXPECT_EQ(ack.route.operation, "response");
  EXPECT_EQ(ack.route.resource, "default/pod/nginx");
  EXPECT_EQ(ack.content, "OK");
}

TEST(Ack, InsertAndDeleteOfDevicesAreAcknowledgedAsMetaToTwin) {
  for (const char* operation : {"insert", "delete"}) {
    const auto ack = make_ack(cloud_message("devicecontroller", operation, "default/device/d1"));
    EXPECT_EQ(ack.route.source, "meta") << operation;
    EXPECT_EQ(ack.route.group, "twin") << operation;
  }
  const auto ack = make_ack(cloud_message("devicecontroller", "update", "default/device/d1"));
  EXPECT_EQ(ack.route.source, "devicecontroller");
  EXPECT_EQ(ack.route.group, "resource");
}

TEST(Ack, ARefusalIsAnErrorWithText) {
  const auto pod = cloud_message("edgecontroller", "insert", "default/pod/nginx");
  const auto refusal = make_refusal(pod, "The disk is full.");
  EXPECT_EQ(refusal.header.parent_id, pod.header.id);
  EXPECT_EQ(refusal.route.operation, "error");
  EXPECT_EQ(refusal.route.source, "metamanager");
  EXPECT_EQ(refusal.route.group, "resource");
  EXPECT_EQ(refusal.route.resource, "default/pod/nginx");
  EXPECT_EQ(refusal.content, "The disk is full.");
}

// protocol/02-metamanager.md §2.5
TEST(Ack, IsWantedAsTheCloudDecides) {
  struct Row {
    const char *source, *group, *operation, *resource;
    nlohmann::json content;
    bool wanted;
  };
  const nlohmann::json object = {{"kind", "ConfigMap"}};
  const Row rows[] = {
      {"edgecontroller", "resource", "insert", "default/pod/p", object, true},
      {"edgecontroller", "resource", "update", "default/pod/p", object, true},
      {"edgecontroller", "resource", "delete", "default/pod/p", object, true},
      {"edgecontroller", "resource", "response", "default/pod/p", object, false},
      {"edgecontroller", "resource", "response", "default/configmap/c", object, true},
      {"edgecontroller", "resource", "response", "default/secret/s", object, true},
      {"edgecontroller", "resource", "response", "null/persistentvolume/v", object, true},
      {"edgecontroller", "resource", "response", "default/node/n", object, false},
      {"edgecontroller", "resource", "update", "null/node/n", object, true},
      {"edgecontroller", "resource", "insert", "default/node/n", object, false},
      {"edgecontroller", "resource", "response", "kube-node-lease/lease/n", object, false},
      {"edgecontroller", "resource", "response", "default/nodepatch/n", object, false},
      {"edgecontroller", "resource", "response", "default/podpatch/p", object, false},
      {"edgecontroller", "resource", "response", "default/serviceaccounttoken/default", object, false},
      {"edgecontroller", "resource", "response", "default/certificatesigningrequest/c", object, false},
      {"edgecontroller", "resource", "response", "default/configmap/c", "OK", false},
      {"edgecontroller", "resource", "update", "default/pod/membership-x", object, false},
      {"cloudhub", "resource", "response", "k8s/ca.crt", "PEM", false},
      {"cloudhub", "resource", "createvolume", "default/volume/v", "{}", false},
      {"dynamiccontroller", "resource", "applicationResponse", "ignore/Application/ignore", object, false},
      {"dynamiccontroller", "resource", "insert", "default/service/s", object, true},
      {"policycontroller", "resource", "update", "default/serviceaccountaccess/default", object, true},
      {"devicecontroller", "resource", "insert", "default/device/d", object, true},
      {"devicecontroller", "twin", "update", "membership", object, false},
      {"taskmanager", "taskmanager", "upgrade", "upgrade/t/node/n", object, false},
      {"router_eventbus", "user", "publish", "topic", "x", false},
  };
  for (const Row& row : rows) {
    const auto message =
        beehive::make_message(row.source, row.group, row.operation, row.resource, row.content);
    EXPECT_EQ(wants_ack(message), row.wanted) << row.source << " " << row.operation << " " << row.resource;
  }
}

}  // namespace
}  // namespace edgecore::metamanager
