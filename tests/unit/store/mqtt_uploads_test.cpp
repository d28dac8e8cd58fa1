// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/mqtt_uploads.hpp"

#include "edgecore/base/error.hpp"
#include "unit/store/store_fixture.hpp"

namespace edgecore::store {
namespace {

namespace uploads = mqtt_uploads;

class MqttUploadsTest : public StoreTest {
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
  static uploads::Row message(const std::string& payload, const std::string& topic = "default/user/a") {
    return {0, topic, payload, WallTime(std::chrono::milliseconds(1718021600123))};
  }
  std::int64_t add(const uploads::Row& row) {
    std::int64_t id = 0;
    store_->write([&](Transaction& tx) { id = uploads::add(tx, row); });
    return id;
  }
  [[nodiscard]] std::vector<std::string> payloads(std::int64_t after = 0, std::size_t rows = 100,
                                                  std::size_t bytes = 1U << 30U) const {
    std::vector<std::string> found;
    for (const auto& row : uploads::list(*reader_, after, rows, bytes)) found.push_back(row.payload);
    return found;
  }

  std::optional<Store> store_;
  std::optional<Reader> reader_;
};

TEST_F(MqttUploadsTest, MessagesComeBackInOrderAndAsTheyWereAlsoAfterARestart) {
  uploads::Row binary = message(std::string("\xff\x00\n\xc3", 4), "$hw/events/upload/\xc3\xa4");
  const auto first = add(binary);
  const auto second = add(message(""));
  const auto third = add(message("c"));
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  close();
  open();
  const auto rows = uploads::list(*reader_, 0, 10, 1000);
  ASSERT_EQ(rows.size(), 3U);
  binary.id = first;
  EXPECT_EQ(rows[0], binary);
  EXPECT_EQ(rows[1].payload, "");
  EXPECT_EQ(payloads(first), (std::vector<std::string>{"", "c"}));
}

TEST_F(MqttUploadsTest, AListIsBoundedInRowsAndBytesButNeverEmptyWhileThereIsSomething) {
  for (const char* payload : {"a", "b", "c"}) add(message(payload));
  EXPECT_EQ(payloads(0, 2), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(payloads(0, 100, 1), std::vector<std::string>{"a"});
  EXPECT_EQ(payloads(0, 100, uploads::weight(message("a")) + 1), (std::vector<std::string>{"a", "b"}));
}

TEST_F(MqttUploadsTest, TheOldestGoFirstAndTheTotalFollows) {
  std::size_t each = uploads::weight(message("x"));
  for (const char* payload : {"a", "b", "c", "d"}) add(message(payload));
  EXPECT_EQ(uploads::total(*reader_), (uploads::Total{4, 4 * each}));
  uploads::Total gone;
  store_->write([&](Transaction& tx) { gone = uploads::remove_oldest(tx, each + 1); });
  EXPECT_EQ(gone, (uploads::Total{2, 2 * each}));
  EXPECT_EQ(payloads(), (std::vector<std::string>{"c", "d"}));
  store_->write([&](Transaction& tx) { gone = uploads::remove_oldest(tx, 1U << 30U); });
  EXPECT_EQ(gone.messages, 2U);
  EXPECT_EQ(uploads::total(*reader_), uploads::Total());
}

TEST_F(MqttUploadsTest, ARemovedIdIsNotGivenAgain) {
  const auto id = add(message("a"));
  std::size_t first = 0;
  std::size_t second = 1;
  store_->write([&](Transaction& tx) { first = uploads::remove(tx, id); });
  store_->write([&](Transaction& tx) { second = uploads::remove(tx, id); });
  EXPECT_EQ(first, uploads::weight(message("a")));
  EXPECT_EQ(second, 0U);
  EXPECT_GT(add(message("a")), id);
}

TEST_F(MqttUploadsTest, APayloadOverTheLimitIsRefused) {
  EXPECT_NO_THROW(add(message(std::string(uploads::kMaxPayloadBytes, 'x'))));
  EXPECT_THROW(add(message(std::string(uploads::kMaxPayloadBytes + 1, 'x'))), BadInput);
  EXPECT_EQ(uploads::total(*reader_).messages, 1U);
}

TEST_F(MqttUploadsTest, ADatabaseFromBeforeGetsTheTable) {
  close();
  outside_sql(path_, "DROP TABLE edgecore_mqtt_uploads");
  open();
  add(message("a"));
  EXPECT_EQ(payloads(), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace edgecore::store
