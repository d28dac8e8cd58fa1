// SPDX-License-Identifier: Apache-2.0
#include "store/opening.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "edgecore/base/files.hpp"
#include "edgecore/store/devices.hpp"
#include "edgecore/store/info.hpp"
#include "edgecore/store/meta_v2.hpp"
#include "support/paths.hpp"
#include "support/umask.hpp"
#include "unit/store/store_fixture.hpp"

namespace edgecore::store {
namespace {

namespace fs = std::filesystem;

class OpeningTest : public StoreTest {
 protected:
  static unsigned mode_of(const fs::path& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777U;
  }
  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_)) names.insert(entry.path().filename().string());
    return names;
  }
  void fill_and_close() {
    Store store(options());
    store.write([](Transaction& tx) {
      for (int i = 0; i < 200; ++i) meta::upsert(tx, config_map(std::to_string(i), std::string(500, 'x')));
      info::clear_resync_needed(tx);
    });
  }
};

// Every column of the Go EdgeCore as name|type|notnull|default|pk.
std::string layout(const fs::path& path, const std::string& table) {
  return outside_sql(path,
                     "SELECT group_concat(name || '|' || type || '|' || \"notnull\" || '|' || "
                     "ifnull(dflt_value, '-') || '|' || pk, char(10)) FROM pragma_table_info('" +
                         table + "')");
}

TEST_F(OpeningTest, LayoutIsThatOfTheGoEdgeCore) {
  const auto fixture = test::data_dir() / "edgecore-v1.17.4.db";
  fs::copy_file(fixture, dir_ / "go.db");
  { const Store store(options()); }
  for (const char* table :
       {"meta", "meta_v2", "device", "device_attr", "device_twin", "sub_topics", "target_urls"}) {
    EXPECT_EQ(layout(path_, table), layout(dir_ / "go.db", table)) << table;
    EXPECT_NE(layout(path_, table), "") << table;
  }
}

TEST_F(OpeningTest, DatabaseOfTheGoEdgeCoreIsTakenOverAndGivenBack) {
  const auto fixture = test::data_dir() / "edgecore-v1.17.4.db";
  fs::copy_file(fixture, path_);
  fs::permissions(path_, fs::perms(0644));
  const std::string rows =
      "SELECT count(*) || '/' || sum(length(key)) || '/' || sum(length(value)) FROM meta";
  const std::string before = outside_sql(path_, rows);
  {
    Store store(options());
    EXPECT_EQ(mode_of(path_), 0600U);
    EXPECT_FALSE(store.was_empty());
    EXPECT_FALSE(store.was_rebuilt());
    const Reader reader = store.open_reader();
    EXPECT_FALSE(info::resync_needed(reader));
    EXPECT_EQ(meta::list(reader, "pod").size(), 1U);
    EXPECT_EQ(meta_v2::list(reader, {.gvr = meta_v2::make_gvr("", "v1", "pods")}).at(0).key,
              meta_v2::make_key("", "v1", "pods", "default", "p1"));
    EXPECT_EQ(meta_v2::max_resource_version(reader), 1058U);
    EXPECT_EQ(devices::twins(reader, "default/d1").at(0).name, "temperature");
  }
  EXPECT_EQ(outside_sql(path_, rows), before);
}

TEST_F(OpeningTest, ModesDoNotDependOnTheUmask) {
  for (const mode_t mask : test::kExtremeUmasks) {
    const test::Umask now(mask);
    path_ = dir_ / std::to_string(mask) / "edgecore.db";
    Store store(options());
    store.write([](Transaction& tx) { meta::upsert(tx, config_map("a", "x")); });
    EXPECT_EQ(mode_of(path_.parent_path()), 0700U);
    for (const char* end : {"", "-wal", "-shm", ".lock"})
      EXPECT_EQ(mode_of(path_.string() + end), 0600U) << end;
  }
}

TEST_F(OpeningTest, NewDatabaseIsPrivateAndAsksForEverything) {
  path_ = dir_ / "deep" / "er" / "edgecore.db";
  {
    Store store(options());
    EXPECT_TRUE(store.was_empty());
    EXPECT_FALSE(store.was_rebuilt());
    store.write([](Transaction& tx) { meta::upsert(tx, config_map("a", "x")); });
    EXPECT_EQ(mode_of(path_), 0600U);
    EXPECT_EQ(mode_of(path_.string() + "-wal"), 0600U);
    EXPECT_EQ(mode_of(path_.string() + "-shm"), 0600U);
    EXPECT_EQ(mode_of(dir_ / "deep"), 0700U);
  }
  Store again(options());
  EXPECT_FALSE(again.was_empty());
  const Reader reader = again.open_reader();
  EXPECT_TRUE(info::resync_needed(reader)) << "a restart in the middle must not make the node forget to ask";
  again.write([](Transaction& tx) { info::pods_are_back(tx); });
  EXPECT_FALSE(info::resync_needed(reader));
  EXPECT_TRUE(info::devices_needed(reader));
  again.write([](Transaction& tx) { info::clear_resync_needed(tx); });
  EXPECT_FALSE(info::resync_needed(reader));
  EXPECT_FALSE(info::devices_needed(reader));
}

TEST_F(OpeningTest, CleanCloseLeavesOneFileInRollbackMode) {
  fill_and_close();
  EXPECT_EQ(files(), (std::set<std::string>{"edgecore.db", "edgecore.db.lock"}));
  EXPECT_EQ(outside_sql(path_, "PRAGMA journal_mode"), "delete");
  EXPECT_EQ(outside_sql(path_, "SELECT count(*) FROM meta"), "200");
}

TEST_F(OpeningTest, CloseWithAReaderStillOpenIsReportedAndLosesNothing) {
  auto store = std::make_unique<Store>(options());
  store->write([](Transaction& tx) { meta::upsert(tx, config_map("a", "x")); });
  auto reader = std::make_unique<Reader>(store->open_reader());
  EXPECT_EQ(meta::count(*reader), 1U);
  EXPECT_THROW(store->close(), StoreError);
  reader.reset();
  store.reset();
  Store again(options());
  EXPECT_EQ(meta::count(again.open_reader()), 1U);
}

TEST_F(OpeningTest, SecondInstanceIsToldWhoHasTheDatabase) {
  const Store first(options());
  try {
    const Store second(options());
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("is in use by another edgecore"), std::string::npos)
        << error.what();
  }
}

TEST_F(OpeningTest, FileThatIsNoDatabaseIsSetAsideAndRebuilt) {
  write_file_atomic(path_, std::string(5000, 'z'), 0600);
  write_file_atomic(path_.string() + "-wal", "old log", 0600);
  FakeClock clock(WallTime(std::chrono::seconds(1700000000)));
  auto with_clock = options();
  with_clock.clock = &clock;
  const Store store(with_clock);
  EXPECT_TRUE(store.was_rebuilt());
  EXPECT_TRUE(store.was_empty());
  EXPECT_TRUE(info::resync_needed(store.open_reader()));
  EXPECT_EQ(read_file(path_.string() + ".corrupt-20231114T221320Z", 10000), std::string(5000, 'z'));
  EXPECT_EQ(read_file(path_.string() + ".corrupt-20231114T221320Z-wal", 100), "old log");
}

TEST_F(OpeningTest, DamagedPagesAreFoundAtOpening) {
  fill_and_close();
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 2; page < 20; ++page) {
      file.seekp(page * 4096);
      file << std::string(600, '\xa5');
    }
  }
  Store store(options());
  EXPECT_TRUE(store.was_rebuilt());
  store.write([](Transaction& tx) { meta::upsert(tx, config_map("a", "x")); });
}

TEST_F(OpeningTest, TruncatedDatabaseIsFoundAtOpening) {
  fill_and_close();
  fs::resize_file(path_, fs::file_size(path_) / 2);
  const Store store(options());
  EXPECT_TRUE(store.was_rebuilt());
}

TEST_F(OpeningTest, NoMoreThanThreeDamagedFilesAreKept) {
  FakeClock clock(WallTime(std::chrono::seconds(1700000000)));
  auto with_clock = options();
  with_clock.clock = &clock;
  for (int i = 0; i < 5; ++i) {
    if (i != 2) clock.advance(std::chrono::seconds(10));  // twice within one second
    write_file_atomic(path_, std::string(5000, static_cast<char>('a' + i)), 0600);
    fs::last_write_time(path_, fs::file_time_type(std::chrono::seconds(1000 + i)));
    const Store store(with_clock);
    EXPECT_TRUE(store.was_rebuilt());
  }
  std::set<char> kept;
  for (const std::string& name : files()) {
    if (name.starts_with("edgecore.db.corrupt-")) kept.insert(read_file(dir_ / name, 10000)->at(0));
  }
  EXPECT_EQ(kept, (std::set<char>{'c', 'd', 'e'}));
}

TEST_F(OpeningTest, MissingColumnsAreAddedAndForeignOnesKept) {
  outside_sql(path_,
              "CREATE TABLE meta(key varchar(256) NOT NULL PRIMARY KEY, note text);"
              "INSERT INTO meta VALUES('default/configmap/old', 'mine'); CREATE TABLE other(x)");
  {
    Store store(options());
    store.write([](Transaction& tx) { meta::upsert(tx, config_map("old", "new")); });
  }
  EXPECT_EQ(outside_sql(path_, "SELECT type || value || note FROM meta"), "configmapnewmine");
  EXPECT_EQ(outside_sql(path_, "SELECT count(*) FROM other"), "0");
}

TEST_F(OpeningTest, ForeignDatabaseIsRefusedAndLeftAlone) {
  outside_sql(path_, "CREATE TABLE meta(id integer); INSERT INTO meta VALUES(1)");
  EXPECT_THROW(Store{options()}, Error);
  EXPECT_EQ(outside_sql(path_, "SELECT count(*) FROM sqlite_master"), "1");
}

// protocol/02-metamanager.md §11: v1.23 adds its columns beside the old ones.
TEST_F(OpeningTest, ColumnsOfVersion123AreReadAndKeptEqual) {
  { const Store store(options()); }
  outside_sql(path_,
              "ALTER TABLE meta_v2 ADD COLUMN group_version_resource varchar(256);"
              "ALTER TABLE meta_v2 ADD COLUMN resource_version bigint;"
              "INSERT INTO meta_v2(key, groupversionresource, namespace, name, resourceversion, value) "
              "VALUES('/core/v1/pods/default/old', '/v1, Resource=pods', 'default', 'old', 5, '{}');"
              "INSERT INTO meta_v2(key, namespace, name, value, group_version_resource, resource_version) "
              "VALUES('/core/v1/pods/default/new', 'default', 'new', '{}', '/v1, Resource=pods', 9)");
  {
    Store store(options());
    const Reader reader = store.open_reader();
    EXPECT_EQ(meta_v2::list(reader, {.gvr = "/v1, Resource=pods"}).size(), 2U);
    EXPECT_EQ(meta_v2::max_resource_version(reader), 9U);
    store.write([](Transaction& tx) {
      meta_v2::upsert(tx, {"/core/v1/pods/default/new", "/v1, Resource=pods", "default", "new", 12, "{}"});
    });
  }
  EXPECT_EQ(outside_sql(path_,
                        "SELECT group_concat(resource_version || group_version_resource, ' ') FROM "
                        "(SELECT * FROM meta_v2 ORDER BY key)"),
            "12/v1, Resource=pods 5/v1, Resource=pods");
}

TEST_F(OpeningTest, TableMadeByVersion123AloneGetsOurColumns) {
  outside_sql(
      path_,
      "CREATE TABLE meta_v2(key text PRIMARY KEY, group_version_resource text NOT NULL, namespace text, "
      "name text, resource_version integer NOT NULL, value text);"
      "INSERT INTO meta_v2 VALUES('/core/v1/pods/default/p', '/v1, Resource=pods', 'default', 'p', 3, '{}')");
  Store store(options());
  store.write([](Transaction& tx) {
    meta_v2::upsert(tx, {"/core/v1/pods/default/q", "/v1, Resource=pods", "default", "q", 4, "{}"});
  });
  EXPECT_EQ(meta_v2::list(store.open_reader(), {.gvr = "/v1, Resource=pods"}).size(), 2U);
}

TEST_F(OpeningTest, ReadOnlyDirectoryIsASentence) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody without rights";
  fs::permissions(dir_, fs::perms(0555));
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    std::string text = "opened";
    if (::setuid(65534) != 0) text = "cannot change user";
    try {
      const Store store(options());
    } catch (const Error& error) {
      text = error.what();
    }
    std::ignore = ::write(pipe_ends[1], text.data(), text.size());
    ::_exit(0);
  }
  char buffer[1000];
  const ssize_t got = ::read(pipe_ends[0], buffer, sizeof buffer);
  ::waitpid(child, nullptr, 0);
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  fs::permissions(dir_, fs::perms(0700));
  ASSERT_GT(got, 0);
  const std::string text(buffer, static_cast<std::size_t>(got));
  EXPECT_NE(text.find(dir_.string()), std::string::npos) << text;
  EXPECT_NE(text.find("Permission denied"), std::string::npos) << text;
}

}  // namespace
}  // namespace edgecore::store
