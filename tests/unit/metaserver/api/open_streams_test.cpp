// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/open_streams.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

namespace edgecore::metaserver {
namespace {

boost::asio::awaitable<void> wait_for_end(OpenStreams& all, const bool& may_go_on, bool& ended) {
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  OpenStreams::Stream stream(all, executor, [&] { return may_go_on; });
  co_await stream.ended();
  ended = true;
}

// Role binding and pod were deleted and the token answered 401: the watch still brought a new Secret.
TEST(OpenStreamsTest, AStreamEndsWithItsRightAndOthersGoOn) {
  boost::asio::io_context loop;
  OpenStreams all;
  bool a_may = true, b_may = true, a_ended = false, b_ended = false;
  boost::asio::co_spawn(loop, wait_for_end(all, a_may, a_ended), boost::asio::detached);
  boost::asio::co_spawn(loop, wait_for_end(all, b_may, b_ended), boost::asio::detached);
  loop.poll();
  EXPECT_EQ(all.size(), 2U);
  all.judge();
  loop.poll();
  EXPECT_FALSE(a_ended || b_ended);
  a_may = false;
  all.judge();
  loop.poll();
  EXPECT_TRUE(a_ended);
  EXPECT_FALSE(b_ended);
  EXPECT_EQ(all.size(), 1U);
  b_may = false;
  all.judge();
  loop.poll();
  EXPECT_TRUE(b_ended);
  EXPECT_EQ(all.size(), 0U);
}

}  // namespace
}  // namespace edgecore::metaserver
