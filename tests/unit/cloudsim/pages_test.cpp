// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/pages.hpp"

#include <gtest/gtest.h>

namespace edgecore::cloudsim {
namespace {

class PagesTest : public testing::Test {
 protected:
  PagesTest() { cluster_.bootstrap("the CA"); }
  void add(const std::string& name, const char* color = "red") {
    cluster_.create(kind_named("ConfigMap"), "kubeedge",
                    {{"metadata", {{"name", name}, {"labels", {{"color", color}}}}}});
  }
  Pages::Request request(std::int64_t limit, const std::string& token = {}) {
    Pages::Request wanted;
    wanted.kind = &kind_named("ConfigMap");
    wanted.ns = "kubeedge";
    wanted.limit = limit;
    wanted.token = token;
    return wanted;
  }
  FakeClock clock_{WallTime(std::chrono::hours(24 * 365 * 50))};
  Cluster cluster_{clock_};
  Pages pages_{cluster_};
};

TEST_F(PagesTest, AllPagesShowTheClusterAsItWasAtTheFirst) {
  for (const char* name : {"a", "b", "c", "d"}) add(name);  // and kube-root-ca.crt
  const std::string version = std::to_string(cluster_.version());
  const Pages::Page first = pages_.read(request(2));
  EXPECT_EQ(first.objects.size(), 2U);
  EXPECT_EQ(first.metadata["remainingItemCount"], 3);
  add("aa");
  cluster_.remove(kind_named("ConfigMap"), "kubeedge", "c");
  const Pages::Page second = pages_.read(request(2, first.metadata["continue"]));
  ASSERT_EQ(second.objects.size(), 2U);
  EXPECT_EQ(name_of(*second.objects[0]), "c");
  EXPECT_EQ(second.metadata["resourceVersion"], version);
  const Pages::Page third = pages_.read(request(2, second.metadata["continue"]));
  EXPECT_EQ(third.objects.size(), 1U);
  EXPECT_FALSE(third.metadata.contains("continue"));
}

TEST_F(PagesTest, AnOldTokenHasExpiredAndAStrangeOneIsRefused) {
  for (const char* name : {"a", "b", "c"}) add(name);
  const std::string token = pages_.read(request(1)).metadata["continue"];
  for (int i = 0; i < 100; ++i) pages_.read(request(1));
  try {
    pages_.read(request(1, token));
    FAIL() << "the list is long forgotten";
  } catch (const ApiError& error) {
    EXPECT_EQ(error.status().code, 410);
  }
  EXPECT_THROW(pages_.read(request(1, "strange")), ApiError);
}

TEST_F(PagesTest, SelectorsChooseAndUnknownFieldsAreRefused) {
  add("a", "red");
  add("b", "blue");
  Pages::Request wanted = request(0);
  wanted.label_selector = "color=blue";
  EXPECT_EQ(pages_.read(wanted).objects.size(), 1U);
  wanted.field_selector = "metadata.name=a";
  EXPECT_TRUE(pages_.read(wanted).objects.empty());
  wanted.field_selector = "data.x=1";
  EXPECT_THROW(pages_.read(wanted), ApiError);
  wanted.kind = &kind_named("Pod");
  wanted.field_selector = "spec.nodeName=n";
  EXPECT_NO_THROW(pages_.read(wanted));
}

}  // namespace
}  // namespace edgecore::cloudsim
