// SPDX-License-Identifier: Apache-2.0
#include "metamanager/delivery/served_feed.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <vector>

#include "edgecore/async/task_group.hpp"
#include "unit/metamanager/temporary_store.hpp"

namespace edgecore::metamanager {
namespace {

/// A feed with room for three notes; the test takes one message at a time from metaserver's mailbox.
class ServedFeedTest : public testing::Test {
 protected:
  boost::asio::awaitable<void> remove_all(int count) {
    for (int i = 0; i < count; ++i) {
      auto removal = std::make_shared<ObjectRemoval>();
      removal->uid = "u" + std::to_string(i);
      removal->served_keys = {"/core/v1/pods/default/p"};
      co_await feed_.removed(std::move(removal));
      ++passed_;
    }
  }
  void turn() {
    io_.restart();
    io_.poll();
  }
  /// The uids of all messages until none comes.
  std::vector<std::string> told() {
    std::vector<std::string> uids;
    for (turn();; turn()) {
      const auto news = metaserver_->try_receive();
      if (!news) return uids;
      uids.push_back(news->content.get<std::string>());
    }
  }

  TemporaryStore store_;
  store::Reader reader_ = store_->open_reader();
  beehive::Bus bus_;
  std::shared_ptr<beehive::Mailbox> metaserver_ = bus_.add_module("metaserver", "meta", {.messages = 1});
  boost::asio::io_context io_;
  beehive::ModuleContext context_{"metamanager",   bus_, nullptr, io_.get_executor(), SystemClock::instance(),
                                  log::get("test")};
  std::shared_ptr<ServedNotes> notes_ = std::make_shared<ServedNotes>(3);
  ServedFeed feed_{context_, reader_, notes_};
  async::TaskGroup tasks_{io_.get_executor()};
  int passed_ = 0;
};

TEST_F(ServedFeedTest, WithoutRoomForANoteItWaitsAndNothingIsLostOrOutOfOrder) {
  tasks_.spawn("feed", feed_.run());
  tasks_.spawn("removals", remove_all(10));
  turn();
  EXPECT_EQ(passed_, 3) << "one in the mailbox, one note with two removals";
  std::vector<std::string> wanted;
  for (int i = 0; i < 10; ++i) wanted.push_back("u" + std::to_string(i));
  EXPECT_EQ(told(), wanted);
  EXPECT_EQ(passed_, 10);
  EXPECT_TRUE(notes_->empty());
}

TEST_F(ServedFeedTest, WhatWaitsGoesOnWhenMetaServerHasFailedForGood) {
  tasks_.spawn("feed", feed_.run());
  tasks_.spawn("removals", remove_all(10));
  turn();
  metaserver_->close("module metaserver has failed and is not started again");
  turn();
  EXPECT_EQ(passed_, 10);
}

TEST_F(ServedFeedTest, NotesOfAnEarlierLifeAreTold) {
  ASSERT_TRUE(notes_->add("/core/v1/pods/default/p", ServedNotes::Removal{"u", "5"}));
  tasks_.spawn("feed", feed_.run());
  EXPECT_EQ(told(), (std::vector<std::string>{"u"}));
}

}  // namespace
}  // namespace edgecore::metamanager
