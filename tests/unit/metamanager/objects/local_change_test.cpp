// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/local_change.hpp"

#include <gtest/gtest.h>

#include "unit/metamanager/temporary_store.hpp"

namespace edgecore::metamanager {
namespace {

class LocalChangeTest : public testing::Test {
 protected:
  LocalChangeTest() {
    change_.path = {"default", "pod", "web"};
    change_.uid = "u";
    change_.patch = {{"metadata", {{"labels", {{"a", "b"}}}}}};
    change_.served = {"/core/v1/pods/default/web", "/v1, Resource=pods", "default", "web", 0, ""};
    put(pod("7"));
  }
  static Json pod(const std::string& version) {
    Json made = {{"kind", "Pod"}, {"apiVersion", "v1"}};
    made["metadata"] = {
        {"name", "web"}, {"namespace", "default"}, {"uid", "u"}, {"resourceVersion", version}};
    return made;
  }
  void put(const Json& object) { store_.put("default/pod/web", "pod", object.dump()); }
  LocalPlan plan() { return plan_merge(store_->open_reader(), change_); }
  bool write(const LocalPlan& plan) {
    bool written = false;
    store_->write([&](store::Transaction& into) { written = apply(into, change_, plan); });
    return written;
  }
  [[nodiscard]] Json stored() const { return Json::parse(store_.value("default/pod/web")); }
  std::optional<store::meta_v2::Row> served() {
    return store::meta_v2::find(store_->open_reader(), change_.served.key);
  }

  TemporaryStore store_;
  LocalChange change_;
};

TEST_F(LocalChangeTest, BothRowsAreWrittenTheServedOneWithTheObjectsVersion) {
  const LocalPlan planned = plan();
  EXPECT_EQ(stored(), pod("7")) << "planning writes nothing";
  ASSERT_TRUE(write(planned));
  EXPECT_EQ(stored()["metadata"]["labels"]["a"], "b");
  ASSERT_TRUE(served());
  EXPECT_EQ(served()->resource_version, 7U);
  EXPECT_EQ(Json::parse(served()->value), stored());
}

TEST_F(LocalChangeTest, NothingIsWrittenOverARowThatHasChangedSinceItWasRead) {
  const LocalPlan planned = plan();
  put(pod("8"));
  EXPECT_FALSE(write(planned));
  EXPECT_EQ(stored(), pod("8"));
  EXPECT_FALSE(served());
  EXPECT_TRUE(write(plan())) << "planned anew it is written";
  EXPECT_EQ(stored()["metadata"]["resourceVersion"], "8");
  EXPECT_EQ(stored()["metadata"]["labels"]["a"], "b");
}

TEST_F(LocalChangeTest, AServedRowThatHasComeMeanwhileCountsToo) {
  const LocalPlan planned = plan();
  store_->write([&](store::Transaction& into) {
    store::meta_v2::Row row = change_.served;
    row.resource_version = 7;
    row.value = pod("7").dump();
    store::meta_v2::upsert(into, row);
  });
  EXPECT_FALSE(write(planned));
  EXPECT_EQ(stored(), pod("7"));
}

TEST_F(LocalChangeTest, AnotherUidIsToldAndAbsentObjectsToo) {
  change_.uid = "v";
  EXPECT_EQ(plan().outcome.kind, LocalOutcome::Kind::kOtherUid);
  change_.path.name = "none";
  EXPECT_EQ(plan().outcome.kind, LocalOutcome::Kind::kNotFound);
}

}  // namespace
}  // namespace edgecore::metamanager
