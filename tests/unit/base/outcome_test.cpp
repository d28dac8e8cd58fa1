// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/outcome.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace edgecore {
namespace {

Failure failure_of_missing_file() {
  try {
    throw SystemError("a.txt cannot be read", ENOENT);
  } catch (const Error& error) {
    return Failure::of(error);
  }
}

TEST(FailureTest, TellsMessageAndTypeOfTheException) {
  const Failure failure = failure_of_missing_file();
  EXPECT_EQ(failure.message(), "a.txt cannot be read: No such file or directory");
  ASSERT_TRUE(failure.as<SystemError>());
  EXPECT_EQ(failure.as<SystemError>()->code(), ENOENT);
  EXPECT_TRUE(failure.as<Error>());
  EXPECT_FALSE(failure.as<BadInput>());
  EXPECT_THROW(failure.raise(), SystemError);
}

TEST(FailureTest, ThatWasWrittenByHandIsAnErrorOnlyWhenRaised) {
  const Failure failure("no room");
  EXPECT_FALSE(failure.as<Error>());
  try {
    failure.raise();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "no room");
  }
}

TEST(OutcomeTest, HoldsAValueThatMayOnlyBeMoved) {
  Outcome<std::unique_ptr<int>> outcome = std::make_unique<int>(7);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(**outcome, 7);
  const std::unique_ptr<int> taken = std::move(outcome).value();
  EXPECT_EQ(*taken, 7);
}

TEST(OutcomeTest, HoldsAFailureThatValueThrows) {
  const Outcome<int> outcome = failure_of_missing_file();
  EXPECT_FALSE(outcome);
  EXPECT_EQ(outcome.failure().message(), "a.txt cannot be read: No such file or directory");
  EXPECT_THROW(static_cast<void>(outcome.value()), SystemError);
}

TEST(OutcomeTest, OfNothingIsDoneOrAFailure) {
  const Outcome<void> done;
  EXPECT_TRUE(done.ok());
  EXPECT_NO_THROW(done.value());
  const Outcome<void> failed = Failure("no room");
  EXPECT_FALSE(failed);
  EXPECT_THROW(failed.value(), Error);
}

}  // namespace
}  // namespace edgecore
