// SPDX-License-Identifier: Apache-2.0
#include "edgecore/beehive/bus.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "support/loop.hpp"

namespace edgecore::beehive {
namespace {

using namespace std::chrono_literals;
using test::Outcome;
using test::asio::awaitable;
using Kind = RequestFailed::Kind;

Message note(const std::string& resource, int number = 0) {
  return make_message("test", "group", "insert", resource, number);
}

awaitable<void> send_numbers(Bus& bus, std::string from, int count) {
  for (int i = 0; i < count; ++i) {
    Message message = note(from, i);
    co_await bus.send("sink", std::move(message));
  }
}

awaitable<void> send_one(Bus& bus, std::string module, Message message) {
  co_await bus.send(module, std::move(message));
}

awaitable<void> take(std::shared_ptr<Mailbox> mailbox, int count, std::vector<std::string>& seen) {
  for (int i = 0; i < count; ++i) {
    const Delivery delivery = co_await mailbox->receive();
    seen.push_back(delivery->route.resource);
  }
}

awaitable<void> ask(Bus& bus, std::chrono::milliseconds timeout, MessagePtr& answer) {
  Message question = note("question");
  answer = co_await bus.request("sink", std::move(question), timeout);
}

Kind failure(const Outcome& outcome) {
  try {
    if (outcome.error) std::rethrow_exception(outcome.error);
  } catch (const RequestFailed& why) {
    return why.kind();
  }
  throw std::runtime_error("There was no RequestFailed.");
}

struct BusTest : testing::Test {
  Bus bus;
  test::asio::io_context loop;
};

TEST_F(BusTest, ManyThreadsThroughASmallMailboxKeepEachSendersOrder) {
  constexpr int kSenders = 4;
  constexpr int kEach = 500;
  const auto mailbox = bus.add_module("sink", "g", {4, 1U << 20U});
  std::vector<std::thread> threads;
  for (int i = 0; i < kSenders; ++i) {
    threads.emplace_back([this, i] { test::run(send_numbers(bus, std::to_string(i), kEach)); });
  }
  std::map<std::string, int> next;
  std::size_t most = 0;
  const auto receive = [&]() -> awaitable<void> {
    for (int i = 0; i < kSenders * kEach; ++i) {
      most = std::max(most, mailbox->size());
      const Delivery delivery = co_await mailbox->receive();
      const int number = delivery->content.get<int>();
      EXPECT_EQ(number, next[delivery->route.resource]++);
    }
  };
  test::run(receive());
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(next.size(), static_cast<std::size_t>(kSenders));
  EXPECT_EQ(mailbox->size(), 0U);
  EXPECT_LE(most, 4U);
}

TEST_F(BusTest, AFullMailboxMakesSendersWaitAndServesThemInOrder) {
  const auto mailbox = bus.add_module("sink", "g", {1, 1U << 20U});
  EXPECT_TRUE(bus.try_send("sink", note("0")));
  EXPECT_FALSE(bus.try_send("sink", note("no")));
  Outcome first;
  Outcome second;
  first.start(loop, send_one(bus, "sink", note("1")));
  second.start(loop, send_one(bus, "sink", note("2")));
  loop.poll();
  EXPECT_FALSE(first.ended);
  EXPECT_EQ(mailbox->try_receive()->route.resource, "0");
  loop.poll();
  EXPECT_TRUE(first.ended);
  EXPECT_FALSE(second.ended);
  EXPECT_FALSE(bus.try_send("sink", note("no")));
  EXPECT_EQ(mailbox->try_receive()->route.resource, "1");
  EXPECT_EQ(mailbox->try_receive()->route.resource, "2");
  EXPECT_FALSE(mailbox->try_receive());
  loop.run();
  EXPECT_TRUE(second.ended);
}

TEST_F(BusTest, BytesAreLimitedButAnEmptyMailboxTakesAnyMessage) {
  const auto mailbox = bus.add_module("sink", "g", {100, 1000});
  Message huge = note("huge");
  huge.weight = 5000;
  Message small = note("small");
  small.weight = 400;
  EXPECT_TRUE(bus.try_send("sink", huge));
  EXPECT_FALSE(bus.try_send("sink", small));
  EXPECT_TRUE(mailbox->try_receive());
  EXPECT_TRUE(bus.try_send("sink", small));
  EXPECT_TRUE(bus.try_send("sink", small));
  EXPECT_FALSE(bus.try_send("sink", small));
  EXPECT_FALSE(bus.try_send("sink", huge));
}

TEST_F(BusTest, TheWeightIsEstimatedWhenItIsNotGiven) {
  const auto mailbox = bus.add_module("sink", "g", {100, 100'000});
  Message big = note("big");
  big.content = std::string(60'000, 'x');
  EXPECT_TRUE(bus.try_send("sink", big));
  EXPECT_FALSE(bus.try_send("sink", big));
}

TEST_F(BusTest, CancelledAndDestroyedSendersLeaveTheLine) {
  const auto mailbox = bus.add_module("sink", "g", {1, 1U << 20U});
  EXPECT_TRUE(bus.try_send("sink", note("0")));
  Outcome first;
  Outcome second;
  Outcome third;
  {
    test::asio::io_context short_lived;
    first.start(short_lived, send_one(bus, "sink", note("gone")));
    short_lived.poll();
  }
  second.start(loop, send_one(bus, "sink", note("cancelled")));
  third.start(loop, send_one(bus, "sink", note("kept")));
  loop.poll();
  second.cancel();
  loop.poll();
  EXPECT_TRUE(second.aborted());
  EXPECT_EQ(mailbox->try_receive()->route.resource, "0");
  EXPECT_EQ(mailbox->try_receive()->route.resource, "kept");
  EXPECT_FALSE(mailbox->try_receive());
  loop.run();
  EXPECT_FALSE(first.ended);
  EXPECT_TRUE(third.ended);
}

TEST_F(BusTest, ACancelledReceiverLosesNoMessageAndNoTurn) {
  const auto mailbox = bus.add_module("sink", "g");
  std::vector<std::string> by_first;
  std::vector<std::string> by_second;
  Outcome first;
  Outcome second;
  first.start(loop, take(mailbox, 1, by_first));
  second.start(loop, take(mailbox, 1, by_second));
  loop.poll();
  EXPECT_TRUE(bus.try_send("sink", note("m")));  // wakes the first …
  first.cancel();                                // … which is cancelled before it can take
  loop.run();
  EXPECT_TRUE(first.aborted());
  EXPECT_TRUE(by_first.empty());
  EXPECT_EQ(by_second, std::vector<std::string>{"m"});
}

TEST_F(BusTest, AReceiverWhoseLoopIsDestroyedIsForgotten) {
  const auto mailbox = bus.add_module("sink", "g");
  std::vector<std::string> seen;
  Outcome outcome;
  {
    test::asio::io_context short_lived;
    outcome.start(short_lived, take(mailbox, 1, seen));
    short_lived.poll();
  }
  EXPECT_TRUE(bus.try_send("sink", note("m")));
  EXPECT_EQ(mailbox->try_receive()->route.resource, "m");
  EXPECT_FALSE(outcome.ended);
}

TEST_F(BusTest, ABusyMailboxLetsTheLoopTurn) {
  const auto mailbox = bus.add_module("sink", "g");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(bus.try_send("sink", note("m")));
  std::vector<std::string> seen;
  Outcome outcome;
  outcome.start(loop, take(mailbox, 100, seen));
  std::size_t seen_before = 100;
  test::asio::post(loop, [&] { seen_before = seen.size(); });
  loop.run();
  EXPECT_EQ(seen.size(), 100U);
  EXPECT_LT(seen_before, 100U);
}

TEST_F(BusTest, RequestsAreAnsweredFromAnotherThread) {
  const auto mailbox = bus.add_module("sink", "g");
  const auto serve = [&]() -> awaitable<void> {
    for (int i = 0; i < 200; ++i) {
      const Delivery delivery = co_await mailbox->receive();
      EXPECT_TRUE(bus.respond(make_response(*delivery, i)));
      EXPECT_FALSE(bus.respond(make_response(*delivery, "twice")));
    }
  };
  std::thread server([&] { test::run(serve()); });
  const auto ask_often = [&]() -> awaitable<void> {
    for (int i = 0; i < 200; ++i) {
      Message question = note("q");
      const std::string id = question.header.id;
      const MessagePtr answer = co_await bus.request("sink", std::move(question), 10s);
      EXPECT_EQ(answer->header.parent_id, id);
      EXPECT_EQ(answer->content, i);
    }
  };
  test::run(ask_often());
  server.join();
}

TEST_F(BusTest, ARequestTimesOutAndALateAnswerFindsNobody) {
  const auto mailbox = bus.add_module("sink", "g");
  MessagePtr answer;
  Outcome outcome;
  outcome.start(loop, ask(bus, 20ms, answer));
  loop.run();
  EXPECT_EQ(failure(outcome), Kind::kTimeout);
  const Delivery delivery = mailbox->try_receive();
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(bus.respond(make_response(*delivery, "late")));
}

TEST_F(BusTest, ARequestThatFindsNoRoomSaysSoAndLeavesNothingBehind) {
  const auto mailbox = bus.add_module("sink", "g", {1, 1U << 20U});
  ASSERT_TRUE(bus.try_send("sink", note("0")));
  MessagePtr answer;
  Outcome outcome;
  outcome.start(loop, ask(bus, 20ms, answer));
  loop.run();
  EXPECT_EQ(failure(outcome), Kind::kMailboxFull);
  EXPECT_TRUE(mailbox->try_receive());
  EXPECT_FALSE(mailbox->try_receive());
}

TEST_F(BusTest, ACancelledOrDestroyedRequestIsForgotten) {
  const auto mailbox = bus.add_module("sink", "g");
  MessagePtr answer;
  Outcome cancelled;
  cancelled.start(loop, ask(bus, 10s, answer));
  loop.poll();
  cancelled.cancel();
  loop.run();
  EXPECT_TRUE(cancelled.aborted());
  Outcome destroyed;
  {
    test::asio::io_context short_lived;
    destroyed.start(short_lived, ask(bus, 10s, answer));
    short_lived.poll();
  }
  for (int i = 0; i < 2; ++i) {
    const Delivery delivery = mailbox->try_receive();
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(bus.respond(make_response(*delivery, "late")));
  }
}

TEST_F(BusTest, UnknownModulesAreAnErrorAndEmptyGroupsAreNone) {
  Outcome outcome;
  outcome.start(loop, send_one(bus, "nobody", note("m")));
  loop.run();
  EXPECT_EQ(failure(outcome), Kind::kUnknownModule);
  EXPECT_FALSE(bus.try_send("nobody", note("m")));
  Message message = note("m");
  EXPECT_NO_THROW(test::run(bus.send_to_group("none", std::move(message))));
}

TEST_F(BusTest, AGroupsMembersAllGetTheMessageInOrder) {
  const auto a = bus.add_module("a", "g");
  const auto other = bus.add_module("other", "h");
  const auto b = bus.add_module("b", "g");
  EXPECT_EQ(bus.members("g"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(bus.has_module("a"));
  EXPECT_THROW(bus.add_module("a", "g"), Error);
  for (const char* name : {"1", "2"}) {
    Message message = note(name);
    test::run(bus.send_to_group("g", std::move(message)));
  }
  b->close("b has failed");
  Message message = note("3");
  test::run(bus.send_to_group("g", std::move(message)));
  for (const char* name : {"1", "2", "3"}) EXPECT_EQ(a->try_receive()->route.resource, name);
  for (const char* name : {"1", "2"}) EXPECT_EQ(b->try_receive()->route.resource, name);
  EXPECT_EQ(b->size(), 0U);
  EXPECT_EQ(other->size(), 0U);
}

TEST_F(BusTest, StopWakesThoseWhoWaitAndRefusesTheRest) {
  const auto mailbox = bus.add_module("sink", "g", {2, 1U << 20U});
  ASSERT_TRUE(bus.try_send("sink", note("0")));
  MessagePtr answer;
  Outcome asking;
  Outcome sending;
  asking.start(loop, ask(bus, 10s, answer));
  sending.start(loop, send_one(bus, "sink", note("1")));
  loop.poll();
  bus.stop();
  loop.run();
  EXPECT_EQ(failure(asking), Kind::kStopping);
  EXPECT_EQ(failure(sending), Kind::kStopping);
  EXPECT_FALSE(bus.try_send("sink", note("2")));
  EXPECT_EQ(mailbox->size(), 2U);
}

TEST(Mailbox, WhatFailedOnceComesFirstAndAloneAndIsPoisonTheSecondTime) {
  Bus bus;
  const auto mailbox = bus.add_module("sink", "g");
  for (const char* name : {"1", "2", "3"}) ASSERT_TRUE(bus.try_send("sink", note(name)));
  {
    const Delivery one = mailbox->try_receive();
    const Delivery two = mailbox->try_receive();
    EXPECT_TRUE(mailbox->take_back_failed().empty());
  }  // inert: their end does not acknowledge
  EXPECT_EQ(mailbox->size(), 3U);
  Delivery one = mailbox->try_receive();
  EXPECT_EQ(one->route.resource, "1");
  EXPECT_FALSE(mailbox->try_receive());  // while the message that failed once is processed
  one = Delivery();
  Delivery two = mailbox->try_receive();
  EXPECT_EQ(two->route.resource, "2");
  const auto poison = mailbox->take_back_failed();
  ASSERT_EQ(poison.size(), 1U);
  EXPECT_EQ(poison[0]->route.resource, "2");
  EXPECT_EQ(mailbox->try_receive()->route.resource, "3");
  EXPECT_TRUE(mailbox->take_back_failed().empty());
}

TEST(Mailbox, AFailureOfTheMachineIsNoMessagesFault) {
  Bus bus;
  const auto mailbox = bus.add_module("sink", "g");
  for (const char* name : {"1", "2"}) ASSERT_TRUE(bus.try_send("sink", note(name)));
  for (int i = 0; i < 5; ++i) {
    const Delivery one = mailbox->try_receive();
    const Delivery two = mailbox->try_receive();
    EXPECT_TRUE(two) << "none of them is suspected";
    EXPECT_TRUE(mailbox->take_back_failed(Mailbox::Blame::kNobody).empty());
  }
  EXPECT_EQ(mailbox->try_receive()->route.resource, "1");
  EXPECT_EQ(mailbox->size(), 1U);
}

TEST(Mailbox, ADeliveryThatAnExceptionDestroysIsNotDoneUnlessTheModuleGoesOn) {
  Bus bus;
  const auto mailbox = bus.add_module("sink", "g");
  const auto fail_with_one = [&] {
    try {
      const Delivery delivery = mailbox->try_receive();
      throw Error("no");
    } catch (const Error&) {
    }
  };
  ASSERT_TRUE(bus.try_send("sink", note("1")));
  fail_with_one();
  EXPECT_EQ(mailbox->size(), 0U);
  EXPECT_TRUE(mailbox->take_back_failed().empty());
  EXPECT_EQ(mailbox->size(), 1U);
  fail_with_one();
  EXPECT_EQ(mailbox->take_back_failed().size(), 1U);

  ASSERT_TRUE(bus.try_send("sink", note("2")));
  ASSERT_TRUE(bus.try_send("sink", note("3")));
  fail_with_one();
  EXPECT_TRUE(mailbox->try_receive());  // a later one is done
  EXPECT_TRUE(mailbox->take_back_failed().empty());
  EXPECT_EQ(mailbox->size(), 0U);
}

}  // namespace
}  // namespace edgecore::beehive
