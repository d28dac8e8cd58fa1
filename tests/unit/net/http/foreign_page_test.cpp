// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/foreign_page.hpp"

#include <gtest/gtest.h>

namespace edgecore::net {
namespace {

bool is_foreign(const Headers& headers) {
  return foreign_page(headers, "edge1").has_value();
}

// Host: evil.example was answered 200 with the gate off.
TEST(ForeignPageTest, ANameThatResolvesHereIsNotOurs) {
  for (const char* host : {"127.0.0.1:10550", "10.0.0.7", "169.254.30.10:10550", "[::1]:10550", "[fe80::1]",
                           "localhost:10550", "LOCALHOST", "edge1:10550", "kubernetes.default.svc",
                           "kubernetes.default.svc.cluster.local.:443", ""})
    EXPECT_FALSE(is_foreign({{"Host", host}})) << host;
  EXPECT_FALSE(is_foreign({})) << "HTTP/1.0";
  for (const char* host :
       {"evil.example", "evil.example:10550", "edge1.evil.example", "localhost.evil.example",
        "127.0.0.1.evil.example", "2130706433", "0x7f.1", "[evil.example]", "[", "::1"})
    EXPECT_TRUE(is_foreign({{"Host", host}})) << host;
}

TEST(ForeignPageTest, ARequestAcrossSitesIsRefused) {
  EXPECT_FALSE(is_foreign({{"Host", "127.0.0.1:10550"}, {"Origin", "http://127.0.0.1:10550"}}));
  for (const char* origin :
       {"http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:10551", "x"})
    EXPECT_TRUE(is_foreign({{"Host", "127.0.0.1:10550"}, {"Origin", origin}})) << origin;
  EXPECT_TRUE(is_foreign({{"Host", "127.0.0.1"}, {"Sec-Fetch-Site", "cross-site"}}));
  EXPECT_FALSE(is_foreign({{"Host", "127.0.0.1"}, {"Sec-Fetch-Site", "none"}}));
}

}  // namespace
}  // namespace edgecore::net
