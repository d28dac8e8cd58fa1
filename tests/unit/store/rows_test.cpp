// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/devices.hpp"
#include "edgecore/store/info.hpp"
#include "edgecore/store/mapper_objects.hpp"
#include "edgecore/store/meta.hpp"
#include "edgecore/store/meta_v2.hpp"
#include "edgecore/store/pods.hpp"
#include "edgecore/store/poison.hpp"
#include "edgecore/store/sub_topics.hpp"
#include "edgecore/store/target_urls.hpp"
#include "edgecore/store/unreported.hpp"
#include "unit/store/store_fixture.hpp"

namespace edgecore::store {
namespace {

class RowsTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    store_.emplace(options());
    reader_.emplace(store_->open_reader());
  }
  void TearDown() override {
    reader_.reset();
    store_.reset();
    StoreTest::TearDown();
  }

  std::optional<Store> store_;
  std::optional<Reader> reader_;
};

meta_v2::Row served(const std::string& name, std::uint64_t version,
                    const std::string& name_space = "default") {
  return {meta_v2::make_key("", "v1", "pods", name_space, name),
          meta_v2::make_gvr("", "v1", "pods"),
          name_space,
          name,
          version,
          R"({"metadata":{"uid":"u-)" + name + "\"}}"};
}

TEST_F(RowsTest, DevicesAreMarkedUnreportedOnce) {
  bool first = false;
  bool second = true;
  store_->write([&](Transaction& tx) { first = unreported::add(tx, "default/b"); });
  store_->write([&](Transaction& tx) {
    second = unreported::add(tx, "default/b");
    unreported::add(tx, "default/a");
  });
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
  EXPECT_EQ(unreported::list(*reader_), (std::vector<std::string>{"default/a", "default/b"}));
  store_->write([](Transaction& tx) { EXPECT_TRUE(unreported::remove(tx, "default/a")); });
  store_->write([](Transaction& tx) { EXPECT_FALSE(unreported::remove(tx, "default/a")); });
  EXPECT_EQ(unreported::list(*reader_), std::vector<std::string>{"default/b"});
}

TEST_F(RowsTest, EveryDeviceOfTheGoAgentsDatabaseIsUnreported) {
  store_->write([](Transaction& tx) {
    devices::upsert(tx, devices::Device{"default/d1", "d1", "", "", ""});
  });
  EXPECT_TRUE(unreported::list(*reader_).empty());
  reader_.reset();
  store_.reset();
  outside_sql(path_, "DROP TABLE edgecore_unreported");
  store_.emplace(options());
  reader_.emplace(store_->open_reader());
  EXPECT_EQ(unreported::list(*reader_), std::vector<std::string>{"default/d1"});
}

TEST_F(RowsTest, WhatMappersWereToldIsReplacedAndForgotten) {
  const mapper_objects::Key modbus{"modbus", "default/device/d1"};
  const mapper_objects::Key opcua{"opcua", "default/device/d1"};
  store_->write([&](Transaction& tx) { mapper_objects::upsert(tx, modbus, "1"); });
  store_->write([&](Transaction& tx) {
    mapper_objects::upsert(tx, modbus, "2");
    mapper_objects::upsert(tx, opcua, "2");
  });
  auto all = mapper_objects::list(*reader_);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.at(modbus), "2");
  store_->write([&](Transaction& tx) { EXPECT_TRUE(mapper_objects::remove(tx, modbus)); });
  all = mapper_objects::list(*reader_);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all.contains(opcua));
}

TEST_F(RowsTest, MetaRowsAreUpsertedListedByTypeAndRemoved) {
  store_->write([](Transaction& tx) {
    meta::upsert(tx, config_map("b", "1"));
    meta::upsert(tx, config_map("a", "2"));
    meta::upsert(tx, {"default/secret/s", "secret", "3"});
    meta::upsert(tx, config_map("b", "4"));
  });
  EXPECT_EQ(meta::find(*reader_, "default/configmap/b")->value, "4");
  const auto rows = meta::list(*reader_, "configmap");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], config_map("a", "2"));
  EXPECT_EQ(meta::keys(*reader_, "secret"), std::vector<std::string>{"default/secret/s"});
  bool first = false;
  bool second = true;
  store_->write([&](Transaction& tx) { first = meta::remove(tx, "default/configmap/b"); });
  store_->write([&](Transaction& tx) { second = meta::remove(tx, "default/configmap/b"); });
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
  EXPECT_EQ(meta::count(*reader_), 2U);
}

TEST_F(RowsTest, ValuesAreKeptByteForByte) {
  const std::string value("{\"s\":\"\xc3\xa9\xf0\x9f\x98\x80'\\u0000\"}\0tail", 27);
  store_->write([&](Transaction& tx) { meta::upsert(tx, config_map("x'; DROP TABLE meta; --", value)); });
  EXPECT_EQ(meta::list(*reader_, "configmap").at(0).value, value);
}

TEST_F(RowsTest, KeysOfMetaV2AreThoseOfTheGoEdgeCore) {
  EXPECT_EQ(meta_v2::make_key("", "v1", "pods", "default", "nginx"), "/core/v1/pods/default/nginx");
  EXPECT_EQ(meta_v2::make_key("", "v1", "nodes", "", "edge1"), "/core/v1/nodes/null/edge1");
  EXPECT_EQ(meta_v2::make_key("apps", "v1", "deployments", "default", ""),
            "/apps/v1/deployments/default/null");
  EXPECT_EQ(meta_v2::make_gvr("", "v1", "pods"), "/v1, Resource=pods");
  EXPECT_EQ(meta_v2::make_gvr("apps", "v1", "deployments"), "apps/v1, Resource=deployments");
}

TEST_F(RowsTest, MetaV2ListsOneResourceByNamespaceAndInPages) {
  store_->write([](Transaction& tx) {
    for (const char* name : {"a", "b", "c"}) meta_v2::upsert(tx, served(name, 10));
    meta_v2::upsert(tx, served("d", 77, "other"));
    meta_v2::upsert(
        tx, {"/core/v1/podtemplates/default/p", "/v1, Resource=podtemplates", "default", "p", 99, "{}"});
    meta_v2::upsert(tx, {"/version", "", "", "", 0, "{}"});
  });
  const std::string pods = meta_v2::make_gvr("", "v1", "pods");
  EXPECT_EQ(meta_v2::list(*reader_, {.gvr = pods}).size(), 4U);
  EXPECT_EQ(meta_v2::list(*reader_, {.gvr = pods, .name_space = "other"}).at(0).name, "d");
  const auto page = meta_v2::list(*reader_, {.gvr = pods, .limit = 2});
  ASSERT_EQ(page.size(), 2U);
  const auto rest = meta_v2::list(*reader_, {.gvr = pods, .after_key = page.back().key, .limit = 5});
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[0], served("c", 10));
  EXPECT_EQ(meta_v2::max_resource_version(*reader_), 99U);
  EXPECT_THROW(std::ignore = meta_v2::list(*reader_, {.gvr = "pods"}), BadInput);
  EXPECT_EQ(meta_v2::find(*reader_, "/version")->value, "{}");
}

TEST_F(RowsTest, ResourceVersionThatDoesNotFitIsRefused) {
  auto row = served("a", UINT64_C(1) << 63U);
  EXPECT_THROW(store_->write([&](Transaction& tx) { meta_v2::upsert(tx, row); }), BadInput);
  row.resource_version -= 1;
  store_->write([&](Transaction& tx) { meta_v2::upsert(tx, row); });
  EXPECT_EQ(meta_v2::find(*reader_, row.key), row);
}

// protocol/02-metamanager.md §10 item 7: LIKE '%uid%' would match another field, and % in the message.
TEST_F(RowsTest, PodIsRemovedByItsParsedUidOnly) {
  const std::string value = R"({"metadata":{"name":"p","uid":"u-p","labels":{"note":"u-other"}}})";
  store_->write([&](Transaction& tx) {
    pods::upsert(tx, {"default", "p", value, "the patch", served("p", 3)});
  });
  auto remove = [&](const std::string& uid) {
    pods::Removal result{};
    store_->write([&](Transaction& tx) { result = pods::remove(tx, "default", "p", uid); });
    return result;
  };
  for (const char* other : {"u-other", "%", "u-", "u-p2"}) {
    EXPECT_EQ(remove(other), pods::Removal::kOtherUid) << other;
  }
  EXPECT_TRUE(meta::find(*reader_, "default/podpatch/p").has_value());
  EXPECT_TRUE(meta_v2::find(*reader_, "/core/v1/pods/default/p").has_value());
  EXPECT_EQ(remove("u-p"), pods::Removal::kRemoved);
  EXPECT_FALSE(meta::find(*reader_, "default/pod/p").has_value());
  EXPECT_FALSE(meta::find(*reader_, "default/podpatch/p").has_value());
  EXPECT_FALSE(meta_v2::find(*reader_, "/core/v1/pods/default/p").has_value());
  EXPECT_EQ(remove("u-p"), pods::Removal::kAbsent);
}

TEST_F(RowsTest, PodRemovalWithoutUidTakesAnyAndBrokenRowsDoNotStay) {
  store_->write([&](Transaction& tx) {
    pods::upsert(tx, {"default", "p", R"({"metadata":{"uid":"x"}})"});
    pods::upsert(tx, {"default", "q", "{broken"});
  });
  pods::Removal p{};
  pods::Removal q{};
  store_->write([&](Transaction& tx) {
    p = pods::remove(tx, "default", "p", "");
    q = pods::remove(tx, "default", "q", "y");
  });
  EXPECT_EQ(p, pods::Removal::kRemoved);
  EXPECT_EQ(q, pods::Removal::kRemoved);
  EXPECT_EQ(meta::count(*reader_), 0U);
}

TEST_F(RowsTest, PodWriteWithoutPatchKeepsTheStoredOne) {
  store_->write([&](Transaction& tx) {
    pods::upsert(tx, {"default", "p", "1", "patch", std::nullopt});
    pods::upsert(tx, {"default", "p", "2"});
  });
  EXPECT_EQ(meta::find(*reader_, "default/pod/p")->value, "2");
  EXPECT_EQ(meta::find(*reader_, "default/podpatch/p")->value, "patch");
}

TEST_F(RowsTest, DeviceGoesWithItsAttributesAndTwins) {
  const devices::Device device{"default/d", "d", "", "online", "2024-05-01T12:00:00Z"};
  devices::Twin twin{"default/d", "temperature", "", "30", "21", "", "", "", "v", true, "string", "{}"};
  const devices::Attribute attribute{"default/d", "a", "", "1", true, "string", "{}"};
  store_->write([&](Transaction& tx) {
    devices::upsert(tx, device);
    devices::upsert(tx, twin);
    devices::upsert(tx, attribute);
    devices::upsert(tx,
                    devices::Twin{"default/other", "temperature", "", "", "", "", "", "", "", false, "", ""});
  });
  twin.actual = "22";
  store_->write([&](Transaction& tx) { devices::upsert(tx, twin); });
  EXPECT_EQ(devices::find(*reader_, "default/d"), device);
  EXPECT_EQ(devices::list(*reader_), std::vector<devices::Device>{device});
  EXPECT_EQ(devices::twins(*reader_, "default/d"), std::vector<devices::Twin>{twin});
  EXPECT_EQ(devices::twins(*reader_).size(), 2U);
  EXPECT_EQ(devices::attributes(*reader_), std::vector<devices::Attribute>{attribute});
  bool removed = false;
  store_->write([&](Transaction& tx) { removed = devices::remove(tx, "default/d"); });
  EXPECT_TRUE(removed);
  EXPECT_EQ(devices::twins(*reader_).size(), 1U);
  EXPECT_TRUE(devices::attributes(*reader_).empty());
}

TEST_F(RowsTest, AttributesAreRemovedByName) {
  bool first = false;
  bool again = true;
  store_->write([&](Transaction& tx) {
    devices::upsert(tx, devices::Attribute{"d", "a", "", "", false, "", ""});
    first = devices::remove_attribute(tx, "d", "a");
    again = devices::remove_attribute(tx, "d", "a");
  });
  EXPECT_TRUE(first);
  EXPECT_FALSE(again);
}

TEST_F(RowsTest, TopicsAndUrlsAreSets) {
  std::vector<bool> results;
  store_->write([&](Transaction& tx) {
    results = {sub_topics::add(tx, "a/#"), sub_topics::add(tx, "a/#"), target_urls::add(tx, "http://x/"),
               target_urls::add(tx, "http://x/")};
  });
  EXPECT_EQ(results, (std::vector<bool>{true, false, true, false}));
  EXPECT_EQ(sub_topics::list(*reader_), std::vector<std::string>{"a/#"});
  EXPECT_TRUE(target_urls::contains(*reader_, "http://x/"));
  EXPECT_EQ(target_urls::list(*reader_).size(), 1U);
  store_->write([&](Transaction& tx) {
    results = {sub_topics::remove(tx, "a/#"), sub_topics::remove(tx, "a/#"),
               target_urls::remove(tx, "http://x/")};
  });
  EXPECT_EQ(results, (std::vector<bool>{true, false, true}));
  EXPECT_FALSE(target_urls::contains(*reader_, "http://x/"));
}

TEST_F(RowsTest, PoisonCountsTheSameMessageAndForgetsItWhenItChanges) {
  poison::Row row{
      "metamanager", "default/pod/p", "update", "text", "is not JSON", SystemClock::instance().wall(), 0};
  std::uint64_t count = 0;
  for (int i = 0; i < 3; ++i) store_->write([&](Transaction& tx) { count = poison::record(tx, row); });
  EXPECT_EQ(count, 3U);
  EXPECT_EQ(poison::failures(*reader_, "metamanager", "default/pod/p", "update", "text"), 3U);
  EXPECT_EQ(poison::failures(*reader_, "metamanager", "default/pod/p", "update", "newer"), 0U);
  row.text = "newer";
  store_->write([&](Transaction& tx) { count = poison::record(tx, row); });
  EXPECT_EQ(count, 1U);
  EXPECT_EQ(poison::list(*reader_).size(), 1U);
  store_->write([&](Transaction& tx) { poison::remove(tx, "metamanager", "default/pod/p", "update"); });
  EXPECT_TRUE(poison::list(*reader_).empty());
}

TEST_F(RowsTest, PoisonIsBoundedInRowsAndText) {
  const std::string huge(poison::kMaxTextBytes + 1000, 'x');
  store_->write([&](Transaction& tx) {
    for (int i = 0; i < 150; ++i) {
      const WallTime time{std::chrono::seconds(1000 + i)};
      poison::record(tx, {"m", "resource" + std::to_string(i), "update", huge, "r", time, 0});
    }
  });
  const auto rows = poison::list(*reader_);
  ASSERT_EQ(rows.size(), poison::kMaxRows);
  EXPECT_EQ(rows.front().resource, "resource149");
  EXPECT_EQ(rows.back().resource, "resource50");
  EXPECT_EQ(rows.front().text.size(), poison::kMaxTextBytes);
  EXPECT_EQ(poison::failures(*reader_, "m", "resource149", "update", huge), 1U);
}

TEST_F(RowsTest, TheTimeThatHasPassedIsKeptAndANonsensicalOneIsNone) {
  EXPECT_FALSE(info::time_floor(*reader_));
  const WallTime passed(std::chrono::seconds(1'800'000'000));
  store_->write(
      [&](Transaction& into) { info::set_time_floor(into, passed + std::chrono::milliseconds(7)); });
  EXPECT_EQ(info::time_floor(*reader_), passed);
  for (const char* bad : {"", "soon", "-1", "9000000001", "99999999999999999999"}) {
    store_->write([&](Transaction& into) { info::set(into, "time_floor", bad); });
    EXPECT_FALSE(info::time_floor(*reader_)) << bad;
  }
}

TEST_F(RowsTest, ReaderSeesCommittedRowsOnlyAndASnapshotStandsStill) {
  std::size_t seen_by_reader = 99;
  std::size_t seen_by_job = 0;
  store_->write([&](Transaction& tx) {
    meta::upsert(tx, config_map("a", "1"));
    seen_by_reader = meta::count(*reader_);
    seen_by_job = meta::count(tx);
  });
  EXPECT_EQ(seen_by_reader, 0U);
  EXPECT_EQ(seen_by_job, 1U);
  {
    const Snapshot snapshot(*reader_);
    EXPECT_EQ(meta::count(*reader_), 1U);
    store_->write([&](Transaction& tx) { meta::upsert(tx, config_map("b", "1")); });
    EXPECT_EQ(meta::count(*reader_), 1U);
  }
  EXPECT_EQ(meta::count(*reader_), 2U);
}

}  // namespace
}  // namespace edgecore::store
