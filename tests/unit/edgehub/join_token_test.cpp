// SPDX-License-Identifier: Apache-2.0
#include "edgehub/join_token.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::edgehub {
namespace {

const std::string kHash = net::sha256_hex("the CA");

TEST(JoinToken, TakesHashAndJwtApartAndForgivesWhiteSpace) {
  const auto token = JoinToken::parse("  " + kHash + ".aaa.bbb.ccc\n");
  EXPECT_EQ(token.ca_hash, kHash);
  EXPECT_EQ(token.jwt, "aaa.bbb.ccc");
  EXPECT_TRUE(token.names("the CA"));
  EXPECT_FALSE(token.names("another CA"));
}

TEST(JoinToken, RefusesWhatIsNoTokenWithoutShowingIt) {
  const std::vector<std::string> refused = {"",
                                            " \n",
                                            "secretvalue",
                                            kHash + ".a.b",
                                            kHash + ".a.b.c.d",
                                            "short.a.b.c",
                                            std::string(64, 'G') + ".a.b.c",
                                            kHash + ".a b.c.d"};
  for (const std::string& text : refused) {
    try {
      JoinToken::parse(text);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const BadInput& error) {
      EXPECT_EQ(std::string(error.what()).find("secretvalue"), std::string::npos) << text;
    }
  }
}

}  // namespace
}  // namespace edgecore::edgehub
