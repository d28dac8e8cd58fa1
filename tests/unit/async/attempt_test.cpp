// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/attempt.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "support/loop.hpp"

namespace edgecore::async {
namespace {

using test::asio::awaitable;

awaitable<std::unique_ptr<std::string>> greet(std::string whom) {
  if (whom.empty()) throw BadInput("there is nobody to greet");
  co_return std::make_unique<std::string>("Good morning, dear " + whom + ", how do you do?");
}

awaitable<void> break_down() {
  throw std::logic_error("a fault in the program");
  co_return;
}

template <class T>
T run_for(awaitable<T> body) {
  std::optional<T> result;
  const auto keep = [](awaitable<T> from, std::optional<T>& to) -> awaitable<void> {
    to.emplace(co_await std::move(from));
  };
  test::run(keep(std::move(body), result));
  return std::move(*result);
}

TEST(AttemptTest, GivesTheValue) {
  const auto outcome = run_for(attempt(greet("world, on all of your five continents")));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(**outcome, "Good morning, dear world, on all of your five continents, how do you do?");
}

TEST(AttemptTest, GivesTheFailureOfAnError) {
  const auto outcome = run_for(attempt(greet("")));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.failure().message(), "there is nobody to greet");
  EXPECT_TRUE(outcome.failure().as<BadInput>());
}

TEST(AttemptTest, TakesOneTypeOfErrorAlone) {
  EXPECT_FALSE(run_for(attempt<BadInput>(greet(""))));
  EXPECT_THROW((void)run_for(attempt<SystemError>(greet(""))), BadInput);
}

TEST(AttemptTest, LetsFaultsOfTheProgramThrough) {
  EXPECT_THROW((void)run_for(attempt(break_down())), std::logic_error);
}

TEST(AttemptTest, LetsCancellationThrough) {
  test::asio::io_context loop;
  test::Outcome outcome;
  bool went_on = false;
  const auto body = [](bool& after) -> awaitable<void> {
    const Outcome<void> slept = co_await attempt(test::sleep_for_ever());
    after = true;
    static_cast<void>(slept);
  };
  outcome.start(loop, body(went_on));
  loop.poll();
  outcome.cancel();
  loop.poll();
  EXPECT_TRUE(outcome.aborted());
  EXPECT_FALSE(went_on);
}

awaitable<void> try_twice(std::string first, std::string& text) {
  const auto outcome = co_await attempt(greet(std::move(first)));
  if (outcome) co_return;
  // The purpose of attempt(): an await after the failure.
  const auto again = co_await attempt(greet("somebody with quite a long name"));
  text = outcome.failure().message() + "; " + **again;
}

TEST(AttemptTest, MayBeAwaitedWithItsArgumentsMadeInPlace) {
  std::string text;
  test::run(try_twice("", text));
  EXPECT_EQ(text,
            "there is nobody to greet; Good morning, dear somebody with quite a long name, how do you do?");
}

}  // namespace
}  // namespace edgecore::async
