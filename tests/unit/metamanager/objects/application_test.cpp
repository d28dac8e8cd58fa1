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
  const auto message = list_request("pod", "edge-1", "", 50);
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

  const auto next = list_request("pod", "edge-1", "more", 50);
  EXPECT_NE(next.content["ID"], content["ID"]);
  EXPECT_EQ(Json::parse(net::base64_decode(next.content["Option"].get<std::string>()))["continue"], "more");
}

// An API server selects custom resources by name and namespace only.
TEST(Application, AsksForDevicesOfAllNodesAndKeepsThoseOfThisOne) {
  const Json content = list_request("device", "edge-1", "", 50).content;
  EXPECT_EQ(content["Key"], "/devices.kubeedge.io/v1beta1/devices/null/null");
  EXPECT_EQ(Json::parse(net::base64_decode(content["Option"].get<std::string>())), Json({{"limit", 50}}));
  const Json list = Json::parse(R"({"items":[
      {"metadata":{"name":"a","namespace":"x"},"spec":{"nodeName":"edge-1"}},
      {"metadata":{"name":"b","namespace":"x"},"spec":{"nodeName":"edge-2"}}]})");
  const ObjectPage page = read_page("device", approved(list), "edge-1");
  ASSERT_EQ(page.objects.size(), 1U);
  EXPECT_EQ(page.objects[0]["kind"], "Device");
  EXPECT_EQ(page.objects[0]["apiVersion"], "devices.kubeedge.io/v1beta1");
  const Json none = {{"Status", "Rejected"},
                     {"Reason", "get current list error: the server could not find the requested resource"}};
  EXPECT_TRUE(read_page("device", none, "edge-1").objects.empty()) << "a cluster without devices";
}

TEST(Application, ReadsOneObject) {
  beehive::ResourcePath path;
  path.ns = "x";
  path.type = "devicemodel";
  path.name = "m";
  EXPECT_EQ(get_request(path, "edge-1").content["Key"], "/devices.kubeedge.io/v1beta1/devicemodels/x/m");
  EXPECT_EQ(get_request(path, "edge-1").content["Verb"], "get");
  const auto model = read_object(path, approved({{"metadata", {{"name", "m"}, {"namespace", "x"}}}}));
  ASSERT_TRUE(model);
  EXPECT_EQ((*model)["kind"], "DeviceModel");
  const Json missing = Json::parse(
      R"({"Status":"Rejected","Error":{"ErrStatus":{"reason":"NotFound","code":404,"message":"no m"}}})");
  EXPECT_FALSE(read_object(path, missing));
  EXPECT_THROW(static_cast<void>(read_object(path, approved({{"metadata", {{"name", "other"}}}}))), BadInput);
}

TEST(Application, ReadsAPage) {
  const Json list = Json::parse(R"({"kind":"PodList","metadata":{"continue":"c2"},"items":[
      {"metadata":{"name":"a","namespace":"x","uid":"1"},"spec":{"nodeName":"edge-1"}},
      {"metadata":{"name":"b","namespace":"x","uid":"2"},"spec":{"nodeName":"edge-2"}},
      {"metadata":{"name":"c"},"spec":{"nodeName":"edge-1"}},
      17]})");
  const ObjectPage page = read_page("pod", approved(list), "edge-1");
  ASSERT_EQ(page.objects.size(), 1U);
  EXPECT_EQ(page.objects[0]["metadata"]["name"], "a");
  EXPECT_EQ(page.objects[0]["kind"], "Pod");
  EXPECT_EQ(page.continuation, "c2");
}

TEST(Application, ARefusalCarriesItsReason) {
  const auto text = [](const Json& answer) -> std::string {
    try {
      static_cast<void>(read_page("pod", answer, "edge-1"));
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
