// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <future>
#include <thread>

#include "edgecore/store/devices.hpp"
#include "edgecore/store/info.hpp"
#include "edgecore/store/meta_v2.hpp"
#include "store/connection.hpp"
#include "unit/store/store_fixture.hpp"

namespace edgecore::store {
namespace {

using WriterTest = StoreTest;

std::string message_of(const std::exception_ptr& failure) {
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

/// Keeps the writer thread busy in a job until `release`.
class Blocker {
 public:
  explicit Blocker(Store& store) {
    auto entered = std::make_shared<std::promise<void>>();
    auto running = entered->get_future();
    store.submit_and_wait_turn(
        [entered, gate = gate_.get_future().share()](Transaction&) {
          entered->set_value();
          gate.wait();
        },
        nullptr);
    running.wait();
  }
  void release() { gate_.set_value(); }

 private:
  std::promise<void> gate_;
};

TEST_F(WriterTest, JobsThatWaitTogetherShareOneCommitInTheirOrder) {
  Store store(options());
  Blocker blocker(store);
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(
        store.submit([i](Transaction& tx) { meta::upsert(tx, config_map("same", std::to_string(i))); },
                     [i, &order](std::exception_ptr failure) {
                       if (!failure) order.push_back(i);
                     }));
  }
  const auto before = store.counters().commits;
  blocker.release();
  store.flush();
  EXPECT_EQ(store.counters().commits, before + 1);
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  const Reader reader = store.open_reader();
  EXPECT_EQ(meta::find(reader, "default/configmap/same")->value, "99");
}

TEST_F(WriterTest, FailingJobLeavesNoTraceAndTakesNoOtherDown) {
  Store store(options());
  Blocker blocker(store);
  std::vector<std::string> outcome;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(store.submit(
        [i](Transaction& tx) {
          meta::upsert(tx, config_map(std::to_string(i), "x"));
          if (i == 1) throw BadInput("the second is bad");
        },
        [&](std::exception_ptr failure) { outcome.push_back(message_of(failure)); }));
  }
  blocker.release();
  store.flush();
  EXPECT_EQ(outcome, (std::vector<std::string>{"", "the second is bad", ""}));
  const Reader reader = store.open_reader();
  EXPECT_EQ(meta::keys(reader, "configmap"),
            (std::vector<std::string>{"default/configmap/0", "default/configmap/2"}));
  EXPECT_EQ(store.counters().failed, 1U);
}

TEST_F(WriterTest, FullQueueRefusesByCountAndByBytes) {
  auto limited = options();
  limited.limits.queued_jobs = 4;
  limited.limits.queued_bytes = 1000;
  Store store(limited);
  auto nothing = [](Transaction&) {};
  {
    Blocker blocker(store);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(store.submit(nothing, nullptr));
    EXPECT_FALSE(store.submit(nothing, nullptr));
    std::vector<std::string> outcome;
    for (int i = 0; i < 5; ++i) {
      store.submit_and_wait_turn(nothing,
                                 [&](std::exception_ptr failure) { outcome.push_back(message_of(failure)); });
    }
    ASSERT_EQ(outcome.size(), 1U) << "four may wait their turn, the fifth is told at once";
    EXPECT_EQ(outcome[0], "too many writes wait for the database");
    blocker.release();
    store.flush();
    EXPECT_EQ(outcome.size(), 5U);
  }
  {
    Blocker blocker(store);
    EXPECT_TRUE(store.submit(nothing, nullptr, 5000)) << "larger than the queue, but the queue is empty";
    EXPECT_FALSE(store.submit(nothing, nullptr, 1));
    blocker.release();
    store.flush();
  }
  EXPECT_TRUE(store.submit(nothing, nullptr, 900));
}

TEST_F(WriterTest, ClosingFinishesWhatWasTakenAndRefusesMore) {
  Store store(options());
  int done = 0;
  {
    Blocker blocker(store);
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(store.submit([i](Transaction& tx) { meta::upsert(tx, config_map(std::to_string(i), "x")); },
                               [&](std::exception_ptr failure) { done += failure ? 0 : 1; }));
    }
    blocker.release();
  }
  store.close();
  store.close();
  EXPECT_EQ(done, 10);
  EXPECT_THROW(std::ignore = store.submit([](Transaction&) {}, nullptr), StoreClosed);
  EXPECT_THROW(store.write([](Transaction&) {}), StoreClosed);
  EXPECT_EQ(outside_sql(path_, "SELECT count(*) FROM meta"), "10");
}

TEST_F(WriterTest, WaitingForTheStoreInsideAJobIsAnErrorNotADeadlock) {
  Store store(options());
  EXPECT_THROW(store.write([&](Transaction&) { store.write([](Transaction&) {}); }), Error);
  EXPECT_THROW(store.write([&](Transaction&) { store.flush(); }), Error);
  EXPECT_THROW(store.write([&](Transaction&) { store.close(); }), Error);
  store.write([](Transaction& tx) { meta::upsert(tx, config_map("a", "x")); });
}

TEST_F(WriterTest, CompletionThatThrowsDoesNotStopTheStore) {
  Store store(options());
  ASSERT_TRUE(
      store.submit([](Transaction&) {}, [](std::exception_ptr) { throw Error("a careless caller"); }));
  store.write([](Transaction& tx) { meta::upsert(tx, config_map("a", "x")); });
  EXPECT_EQ(store.counters().jobs, 2U);
}

// docs/architecture.md, promise 6: no write to flash when nothing changed.
TEST_F(WriterTest, IdenticalRowsDoNotTouchTheFiles) {
  Store store(options());
  const devices::Twin twin{"d", "t", "", "30", "", "", "", "", "", true, "string", "{}"};
  const Job everything = [&](Transaction& tx) {
    meta::upsert(tx, config_map("a", "x"));
    meta_v2::upsert(tx, {"/core/v1/pods/default/p", "/v1, Resource=pods", "default", "p", 7, "{}"});
    devices::upsert(tx, devices::Device{"d", "d", "", "online", ""});
    devices::upsert(tx, twin);
    devices::upsert(tx, devices::Attribute{"d", "a", "", "1", true, "string", "{}"});
    info::set(tx, "key", "value");
    meta::remove(tx, "default/configmap/none");
  };
  store.write(everything);
  const auto wal = std::filesystem::path(path_.string() + "-wal");
  const auto size = std::filesystem::file_size(wal);
  const auto time = std::filesystem::last_write_time(wal);
  const auto main_time = std::filesystem::last_write_time(path_);
  const auto commits = store.counters().commits;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  for (int i = 0; i < 5; ++i) store.write(everything);
  EXPECT_EQ(std::filesystem::file_size(wal), size);
  EXPECT_EQ(std::filesystem::last_write_time(wal), time);
  EXPECT_EQ(std::filesystem::last_write_time(path_), main_time);
  EXPECT_EQ(store.counters().commits, commits);
  store.write([](Transaction& tx) { meta::upsert(tx, config_map("a", "y")); });
  EXPECT_GT(std::filesystem::file_size(wal), size) << "a real change must be seen by this test";
}

TEST_F(WriterTest, FullDatabaseFailsTheWriteAndGoesOnWhenThereIsRoom) {
  Store store(options());
  const std::string big(20000, 'x');
  store.write([&](Transaction& tx) { meta::upsert(tx, config_map("kept", big)); });
  // SQLite's limit on pages simulates a full disk.
  store.write([](Transaction& tx) {
    Connection& connection = tx.connection();
    connection.execute("PRAGMA max_page_count=" +
                       std::to_string(std::stoi(connection.ask("PRAGMA page_count")) + 2));
  });
  Blocker blocker(store);
  std::vector<std::string> outcome(3);
  auto done = [&](std::size_t i) {
    return [&outcome, i](std::exception_ptr failure) { outcome[i] = message_of(failure); };
  };
  ASSERT_TRUE(store.submit([](Transaction& tx) { meta::upsert(tx, config_map("small", "x")); }, done(0)));
  ASSERT_TRUE(store.submit([&](Transaction& tx) { meta::upsert(tx, config_map("big", big)); }, done(1)));
  ASSERT_TRUE(store.submit([](Transaction& tx) { meta::upsert(tx, config_map("small2", "x")); }, done(2)));
  blocker.release();
  store.flush();
  EXPECT_EQ(outcome[0], "");
  EXPECT_NE(outcome[1].find("make room on its disk"), std::string::npos) << outcome[1];
  EXPECT_EQ(outcome[2], "");
  store.write([](Transaction& tx) { meta::remove(tx, "default/configmap/kept"); });
  store.write([&](Transaction& tx) { meta::upsert(tx, config_map("big", big)); });
  const Reader reader = store.open_reader();
  EXPECT_EQ(meta::keys(reader, "configmap").size(), 3U);
}

TEST_F(WriterTest, ManyThreadsWriteWhileOthersRead) {
  Store store(options());
  constexpr int kThreads = 8;
  constexpr int kRows = 50;
  std::atomic<bool> stop = false;
  std::atomic<int> backwards = 0;
  std::thread reading([&] {
    const Reader reader = store.open_reader();
    std::size_t last = 0;
    while (!stop) {
      const auto now = meta::count(reader);
      if (now < last) ++backwards;
      last = now;
    }
  });
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < kRows; ++i) {
        store.write([&](Transaction& tx) {
          meta::upsert(tx, config_map(std::to_string(t) + "-" + std::to_string(i), "x"));
        });
      }
    });
  }
  for (auto& writer : writers) writer.join();
  stop = true;
  reading.join();
  EXPECT_EQ(backwards, 0);
  const Reader reader = store.open_reader();
  EXPECT_EQ(meta::count(reader), static_cast<std::size_t>(kThreads * kRows));
  EXPECT_LE(store.counters().commits, static_cast<std::uint64_t>(kThreads * kRows));
}

}  // namespace
}  // namespace edgecore::store
