// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/audit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/metaserver/access_objects.hpp"

namespace edgecore::metaserver {
namespace {

using namespace std::chrono_literals;
using samples::account_user;
using samples::asks;
using samples::asks_path;
using samples::kWebUser;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr SteadyTime kFirstDenialAt{1000s};

Denial denial(const User* user, const std::string_view address = "10.1.0.7") {
  Denial made;
  made.user = user;
  made.attributes = asks("list", "configmaps", "shop");
  made.peer_address = address;
  return made;
}

TEST(Audit, ALineSaysWhoWhatAndWhy) {
  Denial refused = denial(&kWebUser);
  EXPECT_EQ(
      denial_line(refused),
      R"(denied 403: user "system:serviceaccount:shop:web" at 10.1.0.7: list "configmaps" in namespace "shop")");
  refused.attributes.group = "apps";
  refused.attributes.subresource = "scale";
  refused.attributes.name = "x";
  refused.attributes.ns = "";
  refused.why = "RBAC: role a/b not found";
  EXPECT_EQ(
      denial_line(refused),
      R"(denied 403: user "system:serviceaccount:shop:web" at 10.1.0.7: list "configmaps/scale" of group "apps" named "x" in the cluster: RBAC: role a/b not found)");
  Denial unknown;
  unknown.code = 401;
  unknown.attributes = asks_path("get", "/metrics");
  unknown.peer_address = "fe80::1";
  unknown.why = "the token has expired";
  EXPECT_EQ(denial_line(unknown),
            R"(denied 401: an unknown client at fe80::1: get path "/metrics": the token has expired)");
}

TEST(Audit, WhatAClientSendsStaysOnTheLineAndWithinItsQuotes) {
  Denial refused = denial(&kWebUser);
  refused.attributes.name = "x\"\nE 2024 metaserver] forged\x1b[31m";
  refused.attributes.ns = std::string(100'000, 'n');
  const std::string line = denial_line(refused);
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  EXPECT_THAT(line, HasSubstr(R"(named "x\")"));
  EXPECT_LT(line.size(), 1000U);
}

TEST(Audit, AFloodOfOneClientIsAFewLines) {
  DenialLog log;
  int lines = 0;
  std::string last;
  for (int i = 0; i < 120'000; ++i) {
    Denial refused = denial(&kWebUser);
    refused.attributes.name = "object-" + std::to_string(i);  // another name does not help
    if (auto line = log.line(refused, kFirstDenialAt + i * 1ms)) {
      ++lines;
      last = *line;
    }
  }
  EXPECT_GE(lines, 6);
  EXPECT_LE(lines, 7);
  EXPECT_THAT(last, HasSubstr("more of this client)"));
}

TEST(Audit, OthersAreStillHeard) {
  DenialLog log;
  for (int i = 0; i < 1000; ++i) std::ignore = log.line(denial(&kWebUser), kFirstDenialAt);
  const User other = account_user("bank", "db");
  EXPECT_TRUE(log.line(denial(&other), kFirstDenialAt));
  EXPECT_TRUE(log.line(denial(nullptr), kFirstDenialAt));
  EXPECT_TRUE(log.line(denial(nullptr, "10.1.0.8"), kFirstDenialAt));
}

TEST(Audit, AFloodFromManyAddressesIsBoundedToo) {
  DenialLog log;
  int lines = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string address = "10.1." + std::to_string(i / 256 % 256) + "." + std::to_string(i % 256);
    if (log.line(denial(nullptr, address), kFirstDenialAt + i * 100us)) ++lines;
  }
  EXPECT_LE(lines, 71);  // ten seconds
}

TEST(Audit, AfterAPauseThereAreLinesAgain) {
  DenialLog log;
  for (int i = 0; i < 10; ++i) std::ignore = log.line(denial(&kWebUser), kFirstDenialAt);
  const auto line = log.line(denial(&kWebUser), kFirstDenialAt + 61s);
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, EndsWith("(and 5 more of this client)"));
  EXPECT_FALSE(log.line(denial(&kWebUser), kFirstDenialAt + 62s));
}

}  // namespace
}  // namespace edgecore::metaserver
