// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/foreign_page.hpp"

#include <gtest/gtest.h>

#include "unit/metaserver/refusal.hpp"

namespace edgecore::metaserver {
namespace {

/// The code of the refusal; 0 if there is none.
int answer(const net::Headers& headers) {
  const auto refused = refusal_if_any([&] { refuse_foreign_page(headers, "edge1"); });
  return refused ? refused->code : 0;
}

// Host: evil.example was answered 200 with the gate off.
TEST(ForeignPageTest, ANameThatResolvesHereIsNotOurs) {
  for (const char* host : {"127.0.0.1:10550", "10.0.0.7", "169.254.30.10:10550", "[::1]:10550", "[fe80::1]",
                           "localhost:10550", "LOCALHOST", "edge1:10550", "kubernetes.default.svc",
                           "kubernetes.default.svc.cluster.local.:443", ""})
    EXPECT_EQ(answer({{"Host", host}}), 0) << host;
  EXPECT_EQ(answer({}), 0) << "HTTP/1.0";
  for (const char* host :
       {"evil.example", "evil.example:10550", "edge1.evil.example", "localhost.evil.example",
        "127.0.0.1.evil.example", "2130706433", "0x7f.1", "[evil.example]", "[", "::1"})
    EXPECT_EQ(answer({{"Host", host}}), 403) << host;
}

TEST(ForeignPageTest, ARequestAcrossSitesIsRefused) {
  EXPECT_EQ(answer({{"Host", "127.0.0.1:10550"}, {"Origin", "http://127.0.0.1:10550"}}), 0);
  for (const char* origin :
       {"http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:10551", "x"})
    EXPECT_EQ(answer({{"Host", "127.0.0.1:10550"}, {"Origin", origin}}), 403) << origin;
  EXPECT_EQ(answer({{"Host", "127.0.0.1"}, {"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(answer({{"Host", "127.0.0.1"}, {"Sec-Fetch-Site", "none"}}), 0);
}

// kubectl --as=… acted as oneself.
TEST(ForeignPageTest, NobodyIsImpersonated) {
  const auto refused = [](const char* name) {
    const auto status = refusal_if_any([&] { refuse_impersonation({{name, "x"}}); });
    return status ? status->code : 0;
  };
  for (const char* name : {"Impersonate-User", "impersonate-group", "Impersonate-Uid", "Impersonate-Extra-a"})
    EXPECT_EQ(refused(name), 403) << name;
  for (const char* name : {"Impersonate", "Accept", "X-Impersonate-User"})
    EXPECT_EQ(refused(name), 0) << name;
}

}  // namespace
}  // namespace edgecore::metaserver
