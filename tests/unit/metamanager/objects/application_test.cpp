// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/application.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::metamanager {
namespace {

Json approved(const Json& list) {
  return {{"Status", "Approved"}, {"RespBody", net::base64(list.dump())}};
}

// The shape of wire/metaserver-and-prepull.jsonl.
TEST(Application, AsksForThePodsOfThisNode) {
  const auto message = list_pods_request("edge-1", "", 50);
  EXPECT_EQ(message.route.source, "metaserver");
  EXPECT_EQ(message.route.group, "dynamiccontroller");
  EXPECT_EQ(message.route.operation, "null");
  EXPECT_EQ(message.route.resource, "null");
  const Json& content = message.content;
  EXPECT_EQ(content["Key"], "/core/v1/pods/null/null");
  EXPECT_EQ(content["Verb"], "list");
  EXPECT_EQ(content["Nodename"], "edge-1");
  EXPECT_EQ(content["Status"], "InApplying");
  EXPECT_TRUE(content["ReqBody"].is_null());
  EXPECT_EQ(content["Error"], Json::parse(R"({"ErrStatus":{"metadata":{}}})"));
  const Json option = Json::parse(net::base64_decode(content["Option"].get<std::string>()));
  EXPECT_EQ(option, Json::parse(R"({"fieldSelector":"spec.nodeName=edge-1","limit":50})"));
  EXPECT_EQ(content["ID"].get<std::string>().size(), 64U);

  const auto next = list_pods_request("edge-1", "more", 50);
  EXPECT_NE(next.content["ID"], content["ID"]);
  EXPECT_EQ(Json::parse(net::base64_decode(next.content["Option"].get<std::string>()))["continue"], "more");
}

TEST(Application, ReadsAPage) {
  const Json list = Json::parse(R"({"kind":"PodList","metadata":{"continue":"c2"},"items":[
      {"metadata":{"name":"a","namespace":"x","uid":"1"},"spec":{"nodeName":"edge-1"}},
      {"metadata":{"name":"b","namespace":"x","uid":"2"},"spec":{"nodeName":"edge-2"}},
      {"metadata":{"name":"c"},"spec":{"nodeName":"edge-1"}},
      17]})");
  const PodPage page = read_pod_page(approved(list), "edge-1");
  ASSERT_EQ(page.pods.size(), 1U);
  EXPECT_EQ(page.pods[0]["metadata"]["name"], "a");
  EXPECT_EQ(page.pods[0]["kind"], "Pod");
  EXPECT_EQ(page.continuation, "c2");
}

TEST(Application, ARefusalCarriesItsReason) {
  const auto text = [](const Json& answer) -> std::string {
    try {
      static_cast<void>(read_pod_page(answer, "edge-1"));
    } catch (const BadInput& bad) {
      return bad.what();
    }
    return "";
  };
  EXPECT_NE(text({{"Status", "Rejected"}, {"Reason", "get current list error: forbidden"}}).find("forbidden"),
            std::string::npos);
  EXPECT_NE(
      text(Json::parse(R"({"Status":"Rejected","Error":{"ErrStatus":{"message":"no way"}}})")).find("no way"),
      std::string::npos);
  EXPECT_NE(text(Json()), "");
  EXPECT_NE(text({{"Status", "Approved"}, {"RespBody", nullptr}}), "");
  EXPECT_NE(text({{"Status", "Approved"}, {"RespBody", "%%%"}}), "");
  EXPECT_NE(text(approved({{"kind", "Pod"}})), "");
}

}  // namespace
}  // namespace edgecore::metamanager
