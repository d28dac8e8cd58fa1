// SPDX-License-Identifier: Apache-2.0
#include "servicebus/url_text.hpp"

#include <gtest/gtest.h>

namespace edgecore::servicebus {
namespace {

TEST(CleanPath, WritesTheShortestSpellingAsTheCloudDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"http://a", "http:/a"},
      {"http://a/b/", "http:/a/b"},
      {"http:/a", "http:/a"},
      {"", "."},
      {"/", "/"},
      {"//", "/"},
      {"a//b/./c", "a/b/c"},
      {"a/../b", "b"},
      {"a/../../b", "../b"},
      {"/a/../../b", "/b"},
      {"..", ".."},
      {"/..", "/"},
      {"http://a/../b", "http:/b"},
      {"ns/topic", "ns/topic"},
      {"a/b/..", "a"},
      {"./a", "a"},
  };
  for (const auto& [given, clean] : cases) EXPECT_EQ(clean_path(given), clean) << given;
}

}  // namespace
}  // namespace edgecore::servicebus
