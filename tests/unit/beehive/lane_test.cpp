// SPDX-License-Identifier: Apache-2.0
#include "edgecore/beehive/lane.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

namespace edgecore::beehive {
namespace {

/// Lanes of texts; the receiver "stuck" accepts nothing until it is released.
class LanesTest : public testing::Test {
 protected:
  boost::asio::awaitable<void> serve(std::string receiver, std::string item) {
    while (receiver == "stuck" && !let_go_) co_await gate_.sleep();
    served_.push_back(receiver + ":" + item);
  }
  void turn() {
    context_.restart();
    context_.poll();
  }
  Lanes<std::string> make(LaneLimits limits) {
    return {context_.get_executor(), tasks_, limits, [this](std::string receiver, std::string item) {
              return serve(std::move(receiver), std::move(item));
            }};
  }

  boost::asio::io_context context_;
  async::TaskGroup tasks_{context_.get_executor()};
  async::Event gate_{context_.get_executor()};
  bool let_go_ = false;
  std::vector<std::string> served_;
};

using Served = std::vector<std::string>;

TEST_F(LanesTest, AStuckReceiverHoldsUpItsOwnItemsOnlyAndKeepsTheirOrder) {
  auto lanes = make({});
  EXPECT_TRUE(lanes.put("stuck", "1", 1));
  EXPECT_TRUE(lanes.put("other", "2", 1));
  EXPECT_TRUE(lanes.put("stuck", "3", 1));
  EXPECT_TRUE(lanes.put("other", "4", 1));
  turn();
  EXPECT_EQ(served_, (Served{"other:2", "other:4"}));
  EXPECT_EQ(lanes.size(), 1U) << "the first one is being served";
  let_go_ = true;
  gate_.notify();
  turn();
  EXPECT_EQ(served_, (Served{"other:2", "other:4", "stuck:1", "stuck:3"}));
  EXPECT_EQ(lanes.size(), 0U);
  EXPECT_EQ(lanes.bytes(), 0U);
}

TEST_F(LanesTest, TheLimitsHoldForAllLanesTogether) {
  auto lanes = make({.messages = 3, .bytes = 10});
  EXPECT_TRUE(lanes.put("a", "large", 100)) << "empty lanes take anything";
  EXPECT_FALSE(lanes.put("b", "x", 1));
  turn();
  EXPECT_TRUE(lanes.put("a", "1", 5));
  EXPECT_TRUE(lanes.put("b", "2", 5));
  EXPECT_FALSE(lanes.put("c", "3", 1)) << "bytes";
  turn();
  for (const char* item : {"4", "5", "6"}) EXPECT_TRUE(lanes.put("c", item, 1));
  EXPECT_FALSE(lanes.put("c", "7", 1)) << "messages";
}

}  // namespace
}  // namespace edgecore::beehive
