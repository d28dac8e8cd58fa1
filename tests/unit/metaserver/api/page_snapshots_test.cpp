// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/page_snapshots.hpp"

#include <gtest/gtest.h>

namespace edgecore::metaserver {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kFirstPageAt{1000s};

PageSubject secrets_of(const std::string& user) {
  PageSubject subject;
  subject.user = user;
  subject.version = "v1";
  subject.resource = "secrets";
  subject.ns = "default";
  return subject;
}

std::vector<ObjectPtr> objects_of(std::size_t count, std::size_t bytes = 100) {
  const std::string text =
      R"({"metadata":{"name":"a","namespace":"b"},"data":")" + std::string(bytes, 'x') + R"("})";
  std::vector<ObjectPtr> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(CachedObject::make(text));
  return all;
}

// The token of a list of Secrets brought Secrets inside a ConfigMapList.
TEST(PageSnapshotsTest, ATokenIsGoodForItsOwnListOnly) {
  PageSnapshots pages;
  const PageSubject own = secrets_of("a");
  const std::string id = pages.add(own, objects_of(3), 7, kFirstPageAt).id;
  ASSERT_NE(pages.find(id, own, kFirstPageAt), nullptr);
  EXPECT_EQ(pages.find(id, own, kFirstPageAt)->version, 7U);
  for (std::string PageSubject::*part :
       {&PageSubject::user, &PageSubject::group, &PageSubject::version, &PageSubject::resource,
        &PageSubject::ns, &PageSubject::name, &PageSubject::labels, &PageSubject::fields}) {
    PageSubject other = own;
    other.*part += "x";
    EXPECT_EQ(pages.find(id, other, kFirstPageAt), nullptr);
  }
  EXPECT_EQ(pages.find(id, own, kFirstPageAt + 6min), nullptr);
  EXPECT_EQ(pages.size(), 0U);
}

TEST(PageSnapshotsTest, OneUserTakesNoPagesOfOthers) {
  PageSnapshots pages;
  const std::string kept = pages.add(secrets_of("honest"), objects_of(1), 1, kFirstPageAt).id;
  for (int i = 0; i < 1000; ++i) pages.add(secrets_of("greedy"), objects_of(1), 1, kFirstPageAt);
  EXPECT_EQ(pages.size(), 5U);
  EXPECT_NE(pages.find(kept, secrets_of("honest"), kFirstPageAt), nullptr);
  for (int i = 0; i < 1000; ++i)
    pages.add(secrets_of("user " + std::to_string(i)), objects_of(1), 1, kFirstPageAt);
  EXPECT_EQ(pages.size(), 16U);
}

TEST(PageSnapshotsTest, BytesAreBounded) {
  PageSnapshots::Limits limits;
  limits.bytes = 10'000;
  PageSnapshots pages(limits);
  for (int i = 0; i < 100; ++i) {
    pages.add(secrets_of("user " + std::to_string(i)), objects_of(4, 1000), 1, kFirstPageAt);
    ASSERT_LE(pages.bytes(), 10'000U);
  }
  const auto& large = pages.add(secrets_of("a"), objects_of(20, 1000), 1, kFirstPageAt);
  EXPECT_EQ(pages.size(), 1U) << "the newest is being sent";
  EXPECT_EQ(large.objects.size(), 20U);
}

TEST(PageSnapshotsTest, TokensOfOthersAreNotRead) {
  const auto page = read_page_token(page_token("id", 42));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->first, "id");
  EXPECT_EQ(page->second, 42U);
  for (const char* foreign : {"", "%%%", "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ", "aWQvLTE", "aWQvbWFueQ"})
    EXPECT_FALSE(read_page_token(foreign)) << foreign;
}

TEST(PageSnapshotsTest, OnlyTokensOfTheClustersFormArePassedOn) {
  EXPECT_TRUE(is_cluster_token("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiJhIn0"));
  for (const char* broken : {"", "%%%", "bnVsbA", "NQ", "eyJ2Ijo", "aWQvNDI"})
    EXPECT_FALSE(is_cluster_token(broken)) << broken;
}

}  // namespace
}  // namespace edgecore::metaserver
