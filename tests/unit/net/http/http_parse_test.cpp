// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_parse.hpp"

#include <gtest/gtest.h>

namespace edgecore::net {
namespace {

/// Bytes that arrive one at a time, as from a slow peer.
std::optional<HttpFault> feed_byte_by_byte(HttpParser& parser, std::string_view text) {
  std::size_t taken = 0;
  for (std::size_t arrived = 1; arrived <= text.size() && !parser.done() && !parser.fault(); ++arrived) {
    while (!parser.done() && !parser.fault()) {
      const std::size_t used = parser.put(text.substr(taken, arrived - taken));
      taken += used;
      if (used == 0) break;
    }
  }
  return parser.fault();
}

constexpr HttpLimits kLimits{.header_bytes = 4096, .header_count = 20, .body_bytes = 1024};
constexpr std::string_view kHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(HttpParserTest, EmptyChunkedBodyInSingleBytesEndedTheProgram) {
  HttpParser parser(HttpParser::Kind::kRequest, kLimits);
  const auto fault = feed_byte_by_byte(parser, std::string(kHead) + "0\r\n\r\n");
  EXPECT_FALSE(fault.has_value()) << fault->sentence;
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parser.take_body(), "");
}

TEST(HttpParserTest, LastChunkWithoutItsEndInSingleBytesEndedTheProgram) {
  HttpParser parser(HttpParser::Kind::kRequest, kLimits);
  feed_byte_by_byte(parser, std::string(kHead) + "0\r\n\n\r0");
  EXPECT_FALSE(parser.done());
}

TEST(HttpParserTest, ChunksAndTrailersInSingleBytesAreTaken) {
  for (const std::string_view body : {"0", "0\r\n", "0\r\n0", "hello"}) {
    HttpParser parser(HttpParser::Kind::kRequest, kLimits);
    const std::string chunk = std::to_string(body.size()) + "\r\n" + std::string(body) + "\r\n";
    const auto fault = feed_byte_by_byte(parser, std::string(kHead) + chunk + "0\r\nX: y\r\n\r\n");
    EXPECT_FALSE(fault.has_value()) << fault->sentence;
    EXPECT_TRUE(parser.done());
    EXPECT_EQ(parser.take_body(), body);
  }
}

TEST(HttpParserTest, OneParserReadsMessageAfterMessage) {
  HttpParser parser(HttpParser::Kind::kRequest, kLimits);
  for (const auto* name : {"first", "second"}) {
    EXPECT_FALSE(parser.head_done());
    EXPECT_EQ(parser.take_body(), "");
    const std::string text =
        std::string("PUT /") + name + " HTTP/1.1\r\nB: 1\r\na:  2 \r\nB: 3\r\nContent-Length: 3\r\n\r\nabc";
    const std::size_t head = parser.put(text);
    ASSERT_TRUE(parser.head_done());
    EXPECT_EQ(parser.put(std::string_view(text).substr(head)), 3U);
    EXPECT_TRUE(parser.done());
    const HttpHead taken = parser.take_head();
    EXPECT_EQ(taken.target, std::string("/") + name);
    EXPECT_TRUE(taken.keep_alive);
    const std::vector<Headers::Line> lines(taken.headers.begin(), taken.headers.end());
    const std::vector<Headers::Line> expected{{"B", "1"}, {"a", "2"}, {"B", "3"}, {"Content-Length", "3"}};
    EXPECT_EQ(lines, expected);
    EXPECT_EQ(parser.take_body(), "abc");
    parser.restart();
  }
}

}  // namespace
}  // namespace edgecore::net
