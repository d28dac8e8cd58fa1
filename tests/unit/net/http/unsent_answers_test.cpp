// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/unsent_answers.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace edgecore::net {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMiB = std::size_t{1} << 20;

class UnsentAnswersTest : public ::testing::Test {
 protected:
  struct Reader {
    std::unique_ptr<UnsentAnswers::Entry> entry;
    bool is_cut = false;
  };
  Reader& begin(const std::string& client, std::size_t bytes, const void* body = nullptr) {
    Reader& reader = *readers.emplace_back(std::make_unique<Reader>());
    reader.entry = std::make_unique<UnsentAnswers::Entry>(
        unsent, client, bytes, body, [&reader] { reader.is_cut = true; }, now);
    return reader;
  }
  [[nodiscard]] std::size_t cut() const {
    std::size_t count = 0;
    for (const auto& reader : readers) count += reader->is_cut ? 1 : 0;
    return count;
  }

  SteadyTime now{1000s};
  UnsentAnswers unsent{48 * kMiB, 16 * kMiB};
  std::vector<std::unique_ptr<Reader>> readers;
};

// 60 lists of 4 MB that nobody read: 27 -> 255 MiB.
TEST_F(UnsentAnswersTest, OneClientThatReadsNothingHoldsItsShareOnly) {
  for (int i = 0; i < 60; ++i) {
    begin("greedy", 4 * kMiB);
    now += 2s;
    ASSERT_LE(unsent.bytes(), 20 * kMiB);
  }
  EXPECT_FALSE(unsent.has_room("greedy") && unsent.bytes() > 16 * kMiB);
  EXPECT_TRUE(unsent.has_room("honest"));
  EXPECT_GE(cut(), 55U);
}

TEST_F(UnsentAnswersTest, ManyClientsTogetherHoldTheSum) {
  for (int i = 0; i < 100; ++i) {
    begin("client " + std::to_string(i), 4 * kMiB);
    now += 2s;
    ASSERT_LE(unsent.bytes(), 52 * kMiB);
  }
}

TEST_F(UnsentAnswersTest, TheSlowestReaderGoesFirst) {
  Reader& slow = begin("a", 8 * kMiB);
  Reader& fast = begin("a", 8 * kMiB);
  now += 10s;
  slow.entry->sent(8 * kMiB - 10, now);
  fast.entry->sent(1 * kMiB, now);
  EXPECT_EQ(cut(), 0U);
  begin("a", 1 * kMiB);
  EXPECT_TRUE(slow.is_cut);
  EXPECT_FALSE(fast.is_cut);
  EXPECT_EQ(unsent.bytes(), 9 * kMiB);
}

TEST_F(UnsentAnswersTest, WhatHasJustBegunIsNotCutButNoMoreIsGivenOut) {
  for (int i = 0; i < 10; ++i) begin("a", 4 * kMiB);
  EXPECT_EQ(cut(), 0U);
  EXPECT_FALSE(unsent.has_room("a"));
  EXPECT_TRUE(unsent.has_room("b"));
  now += 1s;
  readers.front()->entry->sent(4 * kMiB, now);
  EXPECT_EQ(unsent.bytes(), 16 * kMiB) << "slow by now";
}

TEST_F(UnsentAnswersTest, ABodyThatManySendCountsOnce) {
  const std::string body;
  for (int i = 0; i < 200; ++i) begin("client " + std::to_string(i % 2), 10 * kMiB, &body);
  EXPECT_EQ(unsent.bytes(), 10 * kMiB);
  EXPECT_TRUE(unsent.has_room("client 0"));
  now += 5s;
  begin("client 2", 1 * kMiB);
  EXPECT_EQ(cut(), 0U);
  readers.clear();
  EXPECT_EQ(unsent.bytes(), 0U);
  EXPECT_TRUE(unsent.has_room("client 0"));
}

// The kernel has taken a part of each answer before it counts. What was counted for one of them was given
// back for another, until a client was forgotten that still had an answer: a crash.
TEST_F(UnsentAnswersTest, ABodyOfWhichEachReaderHasAnotherPartIsGivenBackAsItWasCounted) {
  const std::string body;
  Reader& first = begin("a", 5 * kMiB, &body);
  Reader& second = begin("a", 7 * kMiB, &body);
  Reader& own = begin("a", 2 * kMiB);
  EXPECT_EQ(unsent.bytes(), 9 * kMiB);
  first.entry.reset();
  EXPECT_EQ(unsent.bytes(), 9 * kMiB);
  second.entry.reset();
  EXPECT_EQ(unsent.bytes(), 2 * kMiB);
  own.entry.reset();
  EXPECT_EQ(unsent.bytes(), 0U);
}

TEST_F(UnsentAnswersTest, WithoutLimitsNobodyIsCut) {
  UnsentAnswers all(0, 0);
  bool is_cut = false;
  const UnsentAnswers::Entry entry(
      all, "a", 1000 * kMiB, nullptr, [&] { is_cut = true; }, now);
  EXPECT_TRUE(all.has_room("a"));
  EXPECT_FALSE(is_cut);
}

}  // namespace
}  // namespace edgecore::net
