// SPDX-License-Identifier: Apache-2.0
#include "edgehub/job_reports.hpp"

#include <gtest/gtest.h>

namespace edgecore::edgehub {
namespace {

using Taken = JobReports::Taken;
using namespace std::chrono_literals;

beehive::Message a_job(const std::string& name) {
  return beehive::make_message("taskmanager", "taskmanager", "Check", name, nullptr);
}
beehive::Message a_report(const beehive::Message& of) {
  return beehive::make_message("twin", "hub", "UpdateNodeActionStatus", of.route.resource, nullptr);
}

class JobReportsTest : public testing::Test {
 protected:
  Taken take(const beehive::Message& one) { return reports_.take(one, a_report(one), now_); }
  /// The job of the report that is due after 500 ms; "" if there is none.
  std::string popped() {
    now_ += 500ms;
    const auto next = reports_.pop(now_);
    return next ? next->route.resource : std::string();
  }
  JobReports reports_;
  SteadyTime now_{1h};
};

TEST_F(JobReportsTest, AReportIsNotSentBeforeTheCloudHasWrittenThatTheJobRuns) {
  EXPECT_EQ(reports_.next(), SteadyTime::max());
  ASSERT_EQ(take(a_job("a")), Taken::kYes);
  EXPECT_EQ(reports_.next(), now_ + 500ms);
  EXPECT_FALSE(reports_.pop(now_ + 499ms));
  EXPECT_EQ(popped(), "a");
  EXPECT_EQ(popped(), "");
}

TEST_F(JobReportsTest, AJobGetsOneReportHoweverOftenItsMessageComes) {
  const auto first = a_job("a");
  EXPECT_EQ(take(first), Taken::kYes);
  EXPECT_EQ(take(a_job("a")), Taken::kRepeated);
  EXPECT_EQ(popped(), "a");
  EXPECT_EQ(take(first), Taken::kRepeated);
  EXPECT_EQ(take(a_job("a")), Taken::kYes) << "made anew under the same name";
}

TEST_F(JobReportsTest, AReportThatWasNotWrittenComesAgain) {
  const auto one = a_job("a");
  take(one);
  ASSERT_EQ(popped(), "a");
  reports_.give_back(a_report(one), now_);
  EXPECT_EQ(take(a_job("a")), Taken::kRepeated);
  EXPECT_EQ(popped(), "a");
}

TEST_F(JobReportsTest, OnlySoManyWait) {
  for (int i = 0; i < 256; ++i) ASSERT_EQ(take(a_job(std::to_string(i))), Taken::kYes);
  EXPECT_EQ(take(a_job("one more")), Taken::kFull);
  EXPECT_EQ(popped(), "0");
  EXPECT_EQ(take(a_job("one more")), Taken::kYes);
}

}  // namespace
}  // namespace edgecore::edgehub
