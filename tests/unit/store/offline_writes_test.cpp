// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/offline_writes.hpp"

#include "edgecore/base/error.hpp"
#include "edgecore/store/error.hpp"
#include "unit/store/store_fixture.hpp"

namespace edgecore::store {
namespace {

namespace writes = offline_writes;

class OfflineWritesTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    open();
  }
  void TearDown() override {
    close();
    StoreTest::TearDown();
  }
  void open() {
    store_.emplace(options());
    reader_.emplace(store_->open_reader());
  }
  void close() {
    reader_.reset();
    store_.reset();
  }
  std::int64_t add(const writes::Row& row) {
    std::int64_t id = 0;
    store_->write([&](Transaction& tx) { id = writes::add(tx, row); });
    return id;
  }
  static writes::Row deletion(const std::string& uid) {
    return {0,
            "/core/v1/pods/default/" + uid,
            uid,
            std::string(writes::kDelete),
            "application/json",
            "{}",
            WallTime(std::chrono::milliseconds(1718021600123))};
  }
  static writes::Row patch(const std::string& uid, const std::string& body = "[]") {
    writes::Row row = deletion(uid);
    row.verb = writes::kPatch;
    row.content_type = "application/json-patch+json";
    row.body = body;
    return row;
  }

  std::optional<Store> store_;
  std::optional<Reader> reader_;
};

TEST_F(OfflineWritesTest, WhatIsAddedIsThereInOrderAfterARestart) {
  const auto first = add(patch("d", "[1]"));
  const auto second = add(deletion("p"));
  const auto third = add(patch("d", "[2]"));
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  close();
  open();
  const auto rows = writes::list(*reader_);
  ASSERT_EQ(rows.size(), 3U);
  writes::Row wanted = patch("d", "[1]");
  wanted.id = first;
  EXPECT_EQ(rows[0], wanted);
  EXPECT_EQ(rows[1].uid, "p");
  EXPECT_EQ(rows[2].body, "[2]");
  EXPECT_EQ(writes::deletions(*reader_), std::vector<writes::Row>{rows[1]});
  EXPECT_EQ(writes::list(*reader_, first, 1), std::vector<writes::Row>{rows[1]});
}

TEST_F(OfflineWritesTest, ASecondDeletionOfAPodAddsNothing) {
  const auto first = add(deletion("p"));
  EXPECT_EQ(add(deletion("p")), first);
  EXPECT_NE(add(patch("p")), first);
  EXPECT_NE(add(deletion("q")), first);
  EXPECT_EQ(writes::count(*reader_), 3U);
}

TEST_F(OfflineWritesTest, WhatIsRemovedIsGoneAndItsIdIsNotGivenAgain) {
  const auto id = add(deletion("p"));
  EXPECT_TRUE(writes::has(*reader_, "p"));
  bool first = false;
  bool second = true;
  store_->write([&](Transaction& tx) { first = writes::remove(tx, id); });
  store_->write([&](Transaction& tx) { second = writes::remove(tx, id); });
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
  EXPECT_FALSE(writes::has(*reader_, "p"));
  EXPECT_GT(add(deletion("p")), id);
}

TEST_F(OfflineWritesTest, TheyAreBoundedInNumberAndLength) {
  store_->write([&](Transaction& tx) {
    for (std::size_t i = 0; i < writes::kMaxRows; ++i) writes::add(tx, patch("d"));
  });
  EXPECT_THROW(add(patch("d")), QueueFull);
  EXPECT_THROW(add(deletion("p")), QueueFull);
  EXPECT_EQ(writes::count(*reader_), writes::kMaxRows);
  store_->write([&](Transaction& tx) { writes::remove(tx, writes::list(tx, 0, 1).front().id); });
  EXPECT_THROW(add(patch("d", std::string(writes::kMaxBodyBytes + 1, 'x'))), BadInput);
  EXPECT_NO_THROW(add(deletion("p")));
  EXPECT_NO_THROW(add(deletion("p"))) << "it is there already";
}

TEST_F(OfflineWritesTest, ADatabaseFromBeforeGetsTheTable) {
  close();
  outside_sql(path_, "DROP TABLE edgecore_offline_writes");
  open();
  add(deletion("p"));
  EXPECT_EQ(writes::count(*reader_), 1U);
}

}  // namespace
}  // namespace edgecore::store
