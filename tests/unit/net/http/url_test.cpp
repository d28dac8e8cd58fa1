// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/url.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "edgecore/net/headers.hpp"

namespace edgecore::net {
namespace {

TEST(UrlTest, IsTakenApart) {
  const auto url = Url::parse("WSS://cloud.test:10000/p1/edge-1/events?x=1#part");
  EXPECT_EQ(url.scheme, "wss");
  EXPECT_EQ(url.host, "cloud.test");
  EXPECT_EQ(url.port, 10000);
  EXPECT_EQ(url.target, "/p1/edge-1/events?x=1");
  EXPECT_EQ(url.authority(), "cloud.test:10000");
  EXPECT_EQ(Url::parse("https://[fd00::1]").host, "fd00::1");
  EXPECT_EQ(Url::parse("https://[fd00::1]").authority(), "[fd00::1]");
  EXPECT_EQ(Url::parse("http://[fd00::1]:8080?a").target, "/?a");
  EXPECT_EQ(Url::parse("http://h").target, "/");
}

TEST(UrlTest, NonsenseIsBadInput) {
  for (const auto* text : {"", "cloud:10002", "ftp://h/", "http://", "http:///p", "http://h:0/",
                           "http://h:65536/", "http://h:1x/", "http://u:p@h/", "http://h/a b",
                           "http://h/\r\nX: y", "http://[::1", "http://[nonsense]/", "http://[::1]x/"})
    EXPECT_THROW(Url::parse(text), BadInput) << text;
}

TEST(UrlTest, QueriesAreDecoded) {
  const auto target = Target::parse("/api/v1/pods?labelSelector=a%3Db%2Cc&watch&note=x+y&&watch=1");
  EXPECT_EQ(target.path, "/api/v1/pods");
  EXPECT_EQ(target.find("labelSelector"), "a=b,c");
  EXPECT_EQ(target.find("watch"), "");
  EXPECT_EQ(target.find("note"), "x y");
  EXPECT_FALSE(target.find("none").has_value());
  EXPECT_THROW(Target::parse("/x?a=%4"), BadInput);
  EXPECT_EQ(percent_decode("%41%zz"), std::nullopt);
  EXPECT_EQ(percent_decode(percent_encode("a/b ?\xff")), "a/b ?\xff");
}

TEST(UrlTest, TargetIsMadeFitForARequestLine) {
  EXPECT_EQ(escape_target("/a b?q=\xc3\xa4&x=%20"), "/a%20b?q=%C3%A4&x=%20");
  EXPECT_EQ(escape_target(""), "");
  EXPECT_FALSE(escape_target("/a\r\nHost: evil"));
  EXPECT_FALSE(escape_target("/\x7f"));
}

TEST(UrlTest, LocationIsSeenFromThePageThatWasAskedFor) {
  const Url base = Url::parse("http://127.0.0.1:8080/a/b?q=1");
  const auto leads = [&](const char* location) {
    const auto url = resolve_location(base, location);
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

TEST(HeadersTest, NamesCompareWithoutCase) {
  Headers headers{{"Node_id", "n1"}, {"Connection", "keep-alive, Upgrade"}};
  EXPECT_EQ(headers.get("node_ID"), "n1");
  EXPECT_TRUE(headers.has_token("connection", "upgrade"));
  EXPECT_FALSE(headers.has_token("connection", "up"));
  headers.set("NODE_ID", "n2");
  EXPECT_EQ(headers.get("Node_id"), "n2");
  EXPECT_EQ(headers.size(), 2U);
}

}  // namespace
}  // namespace edgecore::net
