// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/document_cache.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace edgecore::metaserver {
namespace {

// 1500 spellings of /openapi/v3/api/v1 by a pod without rights: 13 -> 122 MiB, for good.
TEST(DocumentCacheTest, AllSpellingsOfAPathAreOneDocument) {
  DocumentCache cache;
  int made = 0;
  for (std::size_t slashes = 0; slashes < 1500; ++slashes) {
    const std::string path =
        "/" + std::string(slashes, '/') + "openapi/v3/api/v1" + std::string(slashes, '/');
    cache.find_or_make(std::string(document_key(path)), 1, [&] {
      ++made;
      return std::string(80'000, 'x');
    });
  }
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(made, 1);
  EXPECT_LT(cache.bytes(), 81'000U);
  EXPECT_EQ(document_key("/"), "");
  EXPECT_EQ(document_key("///"), "");
}

TEST(DocumentCacheTest, HoldsNoMoreBytesThanItsBoundWhateverTheKeys) {
  DocumentCache cache(10'000);
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "key " + std::to_string(i);
    EXPECT_EQ(cache.find_or_make(key, 1, [&] { return key + std::string(999, 'x'); }),
              key + std::string(999, 'x'));
    ASSERT_LE(cache.bytes(), 10'000U);
    ASSERT_LE(cache.size(), 10U);
  }
  EXPECT_EQ(cache.find_or_make("large", 1, [] { return std::string(20'000, 'x'); }).size(), 20'000U);
  EXPECT_LE(cache.bytes(), 10'000U);
}

TEST(DocumentCacheTest, IsMadeAnewWhenTheResourcesChange) {
  DocumentCache cache;
  EXPECT_EQ(cache.find_or_make("a", 1, [] { return "old"; }), "old");
  EXPECT_EQ(cache.find_or_make("a", 1, [] { return "other"; }), "old");
  EXPECT_EQ(cache.find_or_make("a", 2, [] { return "new"; }), "new");
  EXPECT_EQ(cache.size(), 1U);
}

TEST(DocumentCacheTest, WhatIsNotServedIsNotKept) {
  DocumentCache cache;
  EXPECT_THROW(cache.find_or_make("b", 1, []() -> std::string { throw std::runtime_error("404"); }),
               std::runtime_error);
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace edgecore::metaserver
