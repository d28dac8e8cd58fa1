// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/exit_feed.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <sstream>

#include "support/cri/fake_runtime.hpp"
#include "support/skipped_time.hpp"

namespace edgecore::edged {
namespace {

using namespace std::chrono_literals;

class ExitFeedTest : public testing::Test {
 protected:
  ExitFeedTest() { runtime_.with_task_events = true; }
  ~ExitFeedTest() override {
    stop_.emit(boost::asio::cancellation_type::terminal);
    time_.pass(10ms);
  }
  void start() {
    boost::asio::co_spawn(io_, feed_.run(),
                          boost::asio::bind_cancellation_slot(
                              stop_.slot(), [this](const std::exception_ptr&) { over_ = true; }));
    time_.pass(10ms);
  }
  void tell(const char* id) { runtime_.tell({id, cri::TaskEvent::Kind::kExit, 1, 1}); }
  [[nodiscard]] std::size_t opened() const { return runtime_.count_calls("Subscribe"); }

  boost::asio::io_context io_;
  edgecore::test::SkippedTime time_{io_};
  cri::FakeRuntime runtime_;
  std::ostringstream text_;
  std::vector<std::string> told_;
  ExitFeed feed_{
      runtime_,
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)),
      [this](const cri::TaskEvent& event) { told_.push_back(event.container_id); }};
  boost::asio::cancellation_signal stop_;
  bool over_ = false;
};

TEST_F(ExitFeedTest, EventsAreTold) {
  start();
  tell("a");
  tell("b");
  time_.pass(10ms);
  EXPECT_EQ(told_, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(opened(), 1U);
}

TEST_F(ExitFeedTest, ARuntimeThatComesBackAfterALongTimeIsFollowedAgain) {
  start();
  runtime_.set_down(true);
  time_.pass(10min);
  runtime_.set_down(false);
  ASSERT_TRUE(time_.until([this] { return opened() == 2; }, 10s));
  time_.pass(10ms);
  tell("a");
  time_.pass(10ms);
  EXPECT_EQ(told_, std::vector<std::string>{"a"});
  EXPECT_EQ(text_.str(), "") << "RuntimeState says that the runtime is away";
}

TEST_F(ExitFeedTest, AStreamThatBreaksOnceIsOpenAgainInASecond) {
  start();
  time_.pass(1min);
  runtime_.set_down(true);
  time_.pass(10ms);
  runtime_.set_down(false);
  EXPECT_TRUE(time_.until([this] { return opened() == 2; }, 1100ms));
}

TEST_F(ExitFeedTest, ARuntimeWithoutTheseEventsIsNotAskedAgainAndSaidOnce) {
  runtime_.with_task_events = false;
  start();
  EXPECT_TRUE(over_);
  time_.pass(10min);
  EXPECT_EQ(opened(), 1U);
  const std::string text = text_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
}

}  // namespace
}  // namespace edgecore::edged
