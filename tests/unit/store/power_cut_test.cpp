// SPDX-License-Identifier: Apache-2.0
#include <sys/mount.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "unit/store/losing_disk.hpp"
#include "unit/store/store_fixture.hpp"

namespace edgecore::store {
namespace {

namespace fs = std::filesystem;

using FullDiskTest = StoreTest;

class PowerCutTest : public StoreTest {
 protected:
  LosingDisk disk_;
};

/// Writes pairs of rows on a thread of its own and records the acknowledged ones.
class BusyWriter {
 public:
  explicit BusyWriter(Store& store) : store_(store), thread_([this] { loop(); }) {}
  BusyWriter(const BusyWriter&) = delete;
  BusyWriter& operator=(const BusyWriter&) = delete;
  ~BusyWriter() {
    stop_ = true;
    thread_.join();
    store_.flush();
  }
  std::set<int> acknowledged() {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }

 private:
  void loop() {
    for (int n = 0; !stop_; ++n) {
      auto job = [n](Transaction& tx) {
        const std::string value(static_cast<std::size_t>(n % 7) * 300, 'v');
        meta::upsert(tx, {"pair/a/" + std::to_string(n % 400), "a", value + std::to_string(n)});
        meta::upsert(tx, {"pair/b/" + std::to_string(n), "b", value});
        meta::upsert(tx, {"pair/c/" + std::to_string(n), "c", value});
        if (n > 300) meta::remove(tx, "pair/x/" + std::to_string(n - 300));
      };
      store_.submit_and_wait_turn(job, [this, n](std::exception_ptr failure) {
        const std::lock_guard lock(mutex_);
        if (!failure) acknowledged_.insert(n);
      });
      if (n % 4 != 0) continue;
      store_.flush();
      std::this_thread::sleep_for(std::chrono::milliseconds(4));  // limits the size of the files
    }
  }

  Store& store_;
  std::mutex mutex_;
  std::set<int> acknowledged_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

std::set<std::string> numbers(const Reader& reader, const char* type) {
  std::set<std::string> found;
  for (const auto& key : meta::keys(reader, type)) found.insert(key.substr(7));
  return found;
}

// docs/architecture.md, promise 1: a power cut at any instant loses nothing acknowledged and leaves no half
// state.
TEST_F(PowerCutTest, WhatWasAcknowledgedSurvivesThePowerCut) {
  std::mt19937 random(48);
  Store store(options());
  BusyWriter writer(store);
  std::size_t most = 0;
  for (int round = 0; round < 30; ++round) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20000));
    const auto left = dir_ / ("after-" + std::to_string(round));
    fs::create_directory(left);
    const std::set<int> acknowledged = writer.acknowledged();
    disk_.cut_power(dir_, left, random);
    most = std::max(most, acknowledged.size());

    Options after;
    after.path = left / "edgecore.db";
    Store found(after);
    ASSERT_FALSE(found.was_rebuilt()) << "round " << round;
    const auto b = numbers(found.open_reader(), "b");
    EXPECT_EQ(b, numbers(found.open_reader(), "c")) << "half a job is stored in round " << round;
    for (const int n : acknowledged)
      ASSERT_TRUE(b.contains(std::to_string(n))) << n << " lost, round " << round;
    found.close();
    fs::remove_all(left);
  }
  EXPECT_GT(most, 100U) << "too little was written to show anything";
}

// Proves that the test can fail: without a sync at each commit, acknowledged rows are lost.
TEST_F(PowerCutTest, WithoutSyncsTheTestDiskDoesLoseRows) {
  std::mt19937 random(48);
  Store store(options());
  store.write([](Transaction& tx) { meta::upsert(tx, config_map("first", "x")); });
  const auto left = dir_ / "after";
  fs::create_directory(left);
  {
    sqlite3* careless = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &careless), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(careless,
                           "PRAGMA synchronous=OFF; INSERT INTO meta VALUES('pair/a/1', 'a', 'acknowledged')",
                           nullptr, nullptr, nullptr),
              SQLITE_OK);
    // All unsynced writes are lost, as on a disk that has started none of them.
    disk_.lose_unsynced(dir_, left);
    sqlite3_close(careless);
  }
  Options after;
  after.path = left / "edgecore.db";
  Store found(after);
  const Reader reader = found.open_reader();
  EXPECT_TRUE(meta::find(reader, "default/configmap/first").has_value());
  EXPECT_FALSE(meta::find(reader, "pair/a/1").has_value());
}

TEST_F(PowerCutTest, BrokenDiskFailsTheWritesAndTheStoreRecovers) {
  Store store(options());
  store.write([](Transaction& tx) { meta::upsert(tx, config_map("before", "x")); });
  disk_.break_writes(true);
  for (int i = 0; i < 3; ++i) {
    try {
      store.write([](Transaction& tx) { meta::upsert(tx, config_map("during", "x")); });
      FAIL() << "acknowledged although the disk is broken";
    } catch (const StoreError& error) {
      EXPECT_EQ(error.code() & 0xff, SQLITE_IOERR) << error.what();
    }
  }
  const Reader reader = store.open_reader();
  EXPECT_EQ(meta::count(reader), 1U) << "reading goes on, and sees nothing of what failed";
  disk_.break_writes(false);
  store.write([](Transaction& tx) { meta::upsert(tx, config_map("after", "x")); });
  EXPECT_EQ(meta::keys(reader, "configmap"),
            (std::vector<std::string>{"default/configmap/after", "default/configmap/before"}));
}

TEST_F(FullDiskTest, FailsTheWritesAndTheStoreGoesOnWhenThereIsRoom) {
  const auto mounted = dir_ / "small";
  fs::create_directory(mounted);
  if (::mount("none", mounted.c_str(), "tmpfs", 0, "size=512k") != 0) {
    GTEST_SKIP() << "a small file system cannot be mounted here";
  }
  path_ = mounted / "edgecore.db";
  {
    Store store(options());
    int kept = 0;
    bool full = false;
    for (; kept < 1000 && !full; kept += full ? 0 : 1) {
      try {
        store.write([&](Transaction& tx) {
          meta::upsert(tx, config_map(std::to_string(kept), std::string(9000, 'x')));
        });
      } catch (const StoreError& error) {
        full = true;
        EXPECT_TRUE(error.disk_full() || (error.code() & 0xff) == SQLITE_IOERR) << error.what();
      }
    }
    EXPECT_TRUE(full);
    EXPECT_GT(kept, 3);
    EXPECT_EQ(meta::count(store.open_reader()), static_cast<std::size_t>(kept));
    ASSERT_EQ(::mount("none", mounted.c_str(), "tmpfs", MS_REMOUNT, "size=8m"), 0);
    store.write([](Transaction& tx) { meta::upsert(tx, config_map("after", std::string(9000, 'x'))); });
    EXPECT_EQ(meta::count(store.open_reader()), static_cast<std::size_t>(kept + 1));
  }
  EXPECT_EQ(::umount(mounted.c_str()), 0);
}

TEST_F(PowerCutTest, OneCommitCostsOneSync) {
  Store store(options());
  store.write([](Transaction& tx) { meta::upsert(tx, config_map("warm", "up")); });
  const int before = disk_.syncs();
  for (int i = 0; i < 10; ++i) {
    store.write([&](Transaction& tx) { meta::upsert(tx, config_map("a", std::to_string(i))); });
  }
  EXPECT_EQ(disk_.syncs() - before, 10);
}

}  // namespace
}  // namespace edgecore::store
