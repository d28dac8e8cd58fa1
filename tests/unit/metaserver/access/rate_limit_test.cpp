// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/rate_limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "unit/metaserver/refusal.hpp"

namespace edgecore::metaserver {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Ticket = ClientLimits::Ticket;

constexpr SteadyTime kFirstRequestAt{1000s};

bool enters(ClientLimits& limits, const std::string& client,
            ClientLimits::Kind kind = ClientLimits::Kind::kRequest, std::size_t bytes = 0,
            SteadyTime now = kFirstRequestAt) {
  return !refusal_if_any([&] { std::ignore = limits.enter(client, kind, bytes, now); });
}

TEST(RateLimit, OneClientWithFortyThousandRequestsASecondIsFine) {
  ClientLimits limits(RateLimits::per_user());
  SteadyTime now = kFirstRequestAt;
  for (int i = 0; i < 80'000; ++i)
    ASSERT_TRUE(enters(limits, "a", ClientLimits::Kind::kRequest, 100, now += 25us)) << i;
}

TEST(RateLimit, FiveThousandWatchersAtOneAddressAreFine) {
  ClientLimits limits(RateLimits::per_address());
  std::vector<Ticket> watches;
  for (int i = 0; i < 5'000; ++i)
    watches.push_back(limits.enter("127.0.0.1", ClientLimits::Kind::kStream, 0, kFirstRequestAt));
}

TEST(RateLimit, WatchesAndRequestsAreCountedApartAndPerClient) {
  RateLimits few;
  few.concurrent_streams = 2;
  few.concurrent_requests = 3;
  ClientLimits limits(few);
  std::vector<Ticket> held;
  for (int i = 0; i < 2; ++i)
    held.push_back(limits.enter("a", ClientLimits::Kind::kStream, 0, kFirstRequestAt));
  for (int i = 0; i < 3; ++i)
    held.push_back(limits.enter("a", ClientLimits::Kind::kRequest, 0, kFirstRequestAt));
  const auto watch = refusal_if_any(
      [&] { std::ignore = limits.enter("a", ClientLimits::Kind::kStream, 0, kFirstRequestAt); });
  ASSERT_TRUE(watch);
  EXPECT_EQ(watch->code, 429);
  EXPECT_EQ(watch->reason, "TooManyRequests");
  EXPECT_THAT(watch->message, HasSubstr("2 watches open"));
  EXPECT_GT(watch->details.retry_after_seconds, 0);
  EXPECT_FALSE(enters(limits, "a"));
  EXPECT_TRUE(enters(limits, "b"));
  EXPECT_TRUE(enters(limits, "b", ClientLimits::Kind::kStream));
  held.clear();
  EXPECT_TRUE(enters(limits, "a"));
  EXPECT_TRUE(enters(limits, "a", ClientLimits::Kind::kStream));
}

TEST(RateLimit, ATicketIsGivenBackOnce) {
  RateLimits few;
  few.concurrent_requests = 1;
  ClientLimits limits(few);
  Ticket first = limits.enter("a", ClientLimits::Kind::kRequest, 0, kFirstRequestAt);
  Ticket second = std::move(first);
  EXPECT_FALSE(enters(limits, "a"));
  first = std::move(second);
  EXPECT_FALSE(enters(limits, "a"));
  first = Ticket();
  EXPECT_TRUE(enters(limits, "a"));
  first = limits.enter("a", ClientLimits::Kind::kRequest, 0, kFirstRequestAt);
  first = limits.enter("b", ClientLimits::Kind::kRequest, 0, kFirstRequestAt);  // the one of "a" goes back
  EXPECT_TRUE(enters(limits, "a"));
  EXPECT_FALSE(enters(limits, "b"));
}

TEST(RateLimit, BodiesUnderWayAreLimitedTogetherButNotAlone) {
  RateLimits small;
  small.body_bytes = 1000;
  ClientLimits limits(small);
  {
    const Ticket large = limits.enter("a", ClientLimits::Kind::kRequest, 5000, kFirstRequestAt);
    EXPECT_FALSE(enters(limits, "a", ClientLimits::Kind::kRequest, 1));
    EXPECT_TRUE(enters(limits, "b", ClientLimits::Kind::kRequest, 1));
  }
  const Ticket one = limits.enter("a", ClientLimits::Kind::kRequest, 600, kFirstRequestAt);
  EXPECT_TRUE(enters(limits, "a", ClientLimits::Kind::kRequest, 400));
  EXPECT_FALSE(enters(limits, "a", ClientLimits::Kind::kRequest, 401));
}

TEST(RateLimit, RequestsASecondWhenConfigured) {
  RateLimits slow;
  slow.requests_per_second = 10;
  slow.requests_burst = 5;
  ClientLimits limits(slow);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(enters(limits, "a"));
  EXPECT_FALSE(enters(limits, "a"));
  EXPECT_TRUE(enters(limits, "b"));
  EXPECT_TRUE(enters(limits, "a", ClientLimits::Kind::kRequest, 0, kFirstRequestAt + 101ms));
  EXPECT_FALSE(enters(limits, "a", ClientLimits::Kind::kRequest, 0, kFirstRequestAt + 101ms));
}

// 3000 GETs of made-up names in 1.1 s were 3000 messages on a metered line.
TEST(RateLimit, WhateverGoesToTheCloudHasAPrice) {
  ClientLimits limits(RateLimits::per_user());
  for (int i = 0; i < 500; ++i) EXPECT_NO_THROW(limits.to_cloud("a", kFirstRequestAt)) << i;
  const auto status = refusal_if_any([&] { limits.to_cloud("a", kFirstRequestAt); });
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code, 429);
  EXPECT_EQ(status->details.retry_after_seconds, 1);
  EXPECT_NO_THROW(limits.to_cloud("b", kFirstRequestAt));
  int sent = 0;
  for (int i = 0; i < 1000; ++i) {
    if (!refusal_if_any([&] { limits.to_cloud("a", kFirstRequestAt + i * 1ms); })) ++sent;
  }
  EXPECT_NEAR(sent, 20, 1);
}

TEST(RateLimit, MessagesThatCannotBeRefusedArePaidAfterwards) {
  ClientLimits limits(RateLimits::per_user());
  limits.owe_to_cloud("a", kFirstRequestAt, 600);
  EXPECT_TRUE(refusal_if_any([&] { limits.to_cloud("a", kFirstRequestAt + 5s); }));
  EXPECT_NO_THROW(limits.to_cloud("a", kFirstRequestAt + 6s));
  EXPECT_NO_THROW(limits.to_cloud("b", kFirstRequestAt, 3));
}

TEST(RateLimit, BadTokensAreCheckedOnlySoOften) {
  ClientLimits limits(RateLimits::per_user());
  int checked = 0;
  for (int i = 0; i < 10'000; ++i) {
    const SteadyTime now = kFirstRequestAt + i * 1ms;
    if (!limits.may_log_in("10.0.0.1", now)) continue;
    ++checked;
    limits.failed_login("10.0.0.1", now);
  }
  EXPECT_GT(checked, 100);
  EXPECT_LT(checked, 300);
  EXPECT_TRUE(limits.may_log_in("10.0.0.2", kFirstRequestAt));
  EXPECT_TRUE(limits.may_log_in("10.0.0.1", kFirstRequestAt + 1min));
}

TEST(RateLimit, OnlyIdleClientsAreForgotten) {
  RateLimits few;
  few.idle_clients = 3;
  few.concurrent_requests = 1;
  ClientLimits limits(few);
  const Ticket busy = limits.enter("busy", ClientLimits::Kind::kRequest, 0, kFirstRequestAt);
  for (int i = 0; i < 500; ++i) limits.to_cloud("writer", kFirstRequestAt);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(enters(limits, "client " + std::to_string(i)));
    EXPECT_FALSE(!refusal_if_any([&] { limits.to_cloud("writer", kFirstRequestAt); }))
        << "heard of again and again";
    EXPECT_LE(limits.clients(), 4U);
  }
  EXPECT_FALSE(enters(limits, "busy"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(enters(limits, "other " + std::to_string(i)));
  EXPECT_NO_THROW(limits.to_cloud("writer", kFirstRequestAt)) << "forgotten";
}

}  // namespace
}  // namespace edgecore::metaserver
