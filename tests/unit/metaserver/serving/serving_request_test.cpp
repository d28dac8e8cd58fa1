// SPDX-License-Identifier: Apache-2.0
#include "metaserver/serving/serving_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/net/digest.hpp"

namespace edgecore::metaserver {
namespace {

using ::testing::HasSubstr;

const ServingTemplate kTemplate{"edge-1", {"127.0.0.1"}};

TEST(ServingRequestTest, TheNameIsTheKeysAndFitsKubernetes) {
  const auto key = net::PrivateKey::generate();
  const std::string name = signing_request_name("edge-1", key);
  EXPECT_EQ(name, "metaserver-csr-edge-1-" + net::sha256_hex(key.public_der()).substr(0, 8));
  EXPECT_EQ(name, signing_request_name("edge-1", net::PrivateKey::from_pem(key.pem())));
  EXPECT_NE(name, signing_request_name("edge-1", net::PrivateKey::generate()));

  const std::string cut = signing_request_name(std::string(228, 'n') + ".x" + std::string(20, 'y'), key);
  EXPECT_LE(cut.size(), 253U);
  EXPECT_THAT(cut, HasSubstr("n-" + net::sha256_hex(key.public_der()).substr(0, 8)));
}

TEST(ServingRequestTest, OnlyARequestOfTheSameKeyForTheSameIsTheSame) {
  const auto key = net::PrivateKey::generate();
  const Json object = signing_request("r", key, kTemplate);
  EXPECT_TRUE(asks_for(object, key, kTemplate));
  EXPECT_FALSE(asks_for(object, net::PrivateKey::generate(), kTemplate));
  EXPECT_FALSE(asks_for(object, key, {"edge-2", {"127.0.0.1"}}));
  EXPECT_FALSE(asks_for(object, key, {"edge-1", {"127.0.0.1", "10.0.0.1"}}));
  Json changed = object;
  changed["spec"]["signerName"] = "example.com/other";
  EXPECT_FALSE(asks_for(changed, key, kTemplate));
  for (const Json& request : {Json(), Json(7), Json(""), Json("!"), Json(net::base64("no request"))}) {
    changed = object;
    changed["spec"]["request"] = request;
    EXPECT_FALSE(asks_for(changed, key, kTemplate)) << request;
  }
  EXPECT_FALSE(asks_for(Json("text"), key, kTemplate));
}

TEST(ServingRequestTest, TheConditionsSayHowFarItIs) {
  const auto state = [](const std::string& conditions, const std::string& certificate) {
    return signing_state(
        {{"status", {{"conditions", Json::parse(conditions)}, {"certificate", certificate}}}});
  };
  const std::string approved = R"({"type":"Approved","status":"True"})";
  EXPECT_EQ(signing_state(Json::object()).kind, SigningState::Kind::kPending);
  EXPECT_EQ(signing_state(Json("text")).kind, SigningState::Kind::kPending);
  EXPECT_EQ(state("[]", "aGFsbG8=").kind, SigningState::Kind::kPending);  // signed, but nobody has approved
  EXPECT_EQ(state("[" + approved + "]", "").kind, SigningState::Kind::kPending);
  EXPECT_EQ(state("[" + approved + "]", "aGFsbG8=").kind, SigningState::Kind::kIssued);
  EXPECT_EQ(state("[" + approved + "]", "aGFsbG8=").chain_pem, "hallo");
  EXPECT_EQ(state("[" + approved + "]", "aGFsbG8").kind, SigningState::Kind::kRefused);
  EXPECT_EQ(state("[" + approved + R"(,{"type":"Failed"}])", "aGFsbG8=").kind, SigningState::Kind::kRefused);
  EXPECT_EQ(state("[" + approved + R"(,{"type":"Failed","status":"False"}])", "aGFsbG8=").kind,
            SigningState::Kind::kIssued);
  const auto denied = state(R"([7,{"type":"Denied","status":"True","message":"not\nyou"}])", "");
  EXPECT_EQ(denied.kind, SigningState::Kind::kRefused);
  EXPECT_THAT(denied.why, HasSubstr("denied"));
  EXPECT_THAT(denied.why, ::testing::Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace edgecore::metaserver
