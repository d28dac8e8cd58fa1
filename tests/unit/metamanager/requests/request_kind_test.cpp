// SPDX-License-Identifier: Apache-2.0
#include "metamanager/requests/request_kind.hpp"

#include <gtest/gtest.h>

#include "metamanager/objects/service_account.hpp"

namespace edgecore::metamanager {
namespace {

// The rows of docs/messages.md "edged → metamanager" and "metaserver → metamanager".
TEST(RequestKind, KnowsEveryRowOfTheContract) {
  struct Row {
    const char *operation, *resource;
    RequestKind kind;
  };
  const Row rows[] = {
      {"query", "default/pod", RequestKind::kListPods},
      {"query", "default/pod/p", RequestKind::kGetPod},
      {"query", "default/configmap/c", RequestKind::kTracked},
      {"query", "default/secret/s", RequestKind::kTracked},
      {"query", "null/persistentvolume/v", RequestKind::kTracked},
      {"query", "default/persistentvolumeclaim/v", RequestKind::kTracked},
      {"query", "default/volumeattachment/v", RequestKind::kTracked},
      {"query", "default/node/n", RequestKind::kNode},
      {"query", "default/serviceaccount/s", RequestKind::kServiceAccount},
      {"query", "default/serviceaccounttoken/s", RequestKind::kToken},
      {"delete", "default/serviceaccounttoken/u", RequestKind::kDropTokens},
      {"query", "kube-node-lease/lease/n", RequestKind::kGetLease},
      {"insert", "kube-node-lease/lease/n", RequestKind::kWriteLease},
      {"update", "kube-node-lease/lease/n", RequestKind::kWriteLease},
      {"insert", "default/node/n", RequestKind::kCreateNode},
      {"patch", "default/nodepatch/n", RequestKind::kPatchNode},
      {"patch", "default/podpatch/p", RequestKind::kPatchPod},
      {"insert", "default/pod/p", RequestKind::kCreatePod},
      {"delete", "default/pod/p", RequestKind::kDeletePod},
      {"insert", "default/certificatesigningrequest/c", RequestKind::kCreateCsr},
      {"query", "default/certificatesigningrequest/c", RequestKind::kGetCsr},
      {"query", "default/service/s", RequestKind::kLocal},
      {"query", "default/configmap", RequestKind::kUnknown},
      {"delete", "default/node/n", RequestKind::kUnknown},
      {"update", "default/podstatus/p", RequestKind::kShowPodStatus},
      {"patch", "default/pod/p", RequestKind::kPatchStored},
      {"patch", "default/device/d", RequestKind::kPatchStored},
      {"patch", "default/device", RequestKind::kUnknown},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(request_kind(row.operation, beehive::parse_resource(row.resource).value()), row.kind)
        << row.operation << " " << row.resource;
  }
  for (const char* tracked :
       {"configmap", "secret", "persistentvolume", "persistentvolumeclaim", "volumeattachment"}) {
    EXPECT_TRUE(is_tracked(tracked)) << tracked;
  }
  for (const char* other : {"pod", "node", "lease", "serviceaccounttoken"}) {
    EXPECT_FALSE(is_tracked(other)) << other;
  }
}

TEST(ServiceAccount, ComesOutOfItsAccessWithTheUidBesideIt) {
  const Json access = Json::parse(R"({"kind":"ServiceAccountAccess","metadata":{"name":"default"},
      "spec":{"serviceAccount":{"metadata":{"name":"default","namespace":"x"}},"serviceAccountUid":"u9"}})");
  const auto account = service_account_of(access);
  ASSERT_TRUE(account);
  EXPECT_EQ((*account)["kind"], "ServiceAccount");
  EXPECT_EQ((*account)["metadata"]["uid"], "u9");
  EXPECT_FALSE(service_account_of(Json::parse(R"({"spec":{}})")));
  EXPECT_FALSE(service_account_of(Json()));
}

}  // namespace
}  // namespace edgecore::metamanager
