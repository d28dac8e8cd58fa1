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

TEST(EscapeTarget, MakesARequestLineOfIt) {
  EXPECT_EQ(escape_target("/a b?q=\xc3\xa4&x=%20"), "/a%20b?q=%C3%A4&x=%20");
  EXPECT_EQ(escape_target(""), "");
  EXPECT_FALSE(escape_target("/a\r\nHost: evil"));
  EXPECT_FALSE(escape_target("/\x7f"));
}

TEST(Resolve, FindsWhereALocationLeads) {
  const net::Url base = net::Url::parse("http://127.0.0.1:8080/a/b?q=1");
  const auto leads = [&](const char* location) {
    const auto url = resolve(base, location);
    return url ? url->scheme + "://" + url->authority() + url->target : "nowhere";
  };
  EXPECT_EQ(leads("/x"), "http://127.0.0.1:8080/x");
  EXPECT_EQ(leads("c"), "http://127.0.0.1:8080/a/c");
  EXPECT_EQ(leads("c/?r=2#part"), "http://127.0.0.1:8080/a/c/?r=2");
  EXPECT_EQ(leads("../../../c"), "http://127.0.0.1:8080/c");
  EXPECT_EQ(leads("./"), "http://127.0.0.1:8080/a/");
  EXPECT_EQ(leads(".."), "http://127.0.0.1:8080/");
  EXPECT_EQ(leads("?r=2"), "http://127.0.0.1:8080/a/b?r=2");
  EXPECT_EQ(leads(""), "http://127.0.0.1:8080/a/b?q=1");
  EXPECT_EQ(leads("//localhost/x"), "http://localhost/x");
  EXPECT_EQ(leads("https://elsewhere/x"), "https://elsewhere/x");
  EXPECT_EQ(leads("HTTP://127.0.0.1:81/x y"), "http://127.0.0.1:81/x%20y");
  EXPECT_EQ(leads("ftp://elsewhere/x"), "nowhere");
  EXPECT_EQ(leads("ws://127.0.0.1/x"), "nowhere");
  EXPECT_EQ(leads("http://user@127.0.0.1/"), "nowhere");
  EXPECT_EQ(leads("/x\ny"), "nowhere");
}

}  // namespace
}  // namespace edgecore::servicebus
