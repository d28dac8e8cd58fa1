// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_parse.hpp"

#include <gtest/gtest.h>

#include <algorithm>

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

/// What a peer sends in large pieces; counts the most that the reader had to hold.
struct Offered {
  std::optional<HttpFault> fault;
  std::size_t held = 0;
};
Offered offer(HttpParser& parser, std::string_view text, std::size_t piece) {
  Offered out;
  std::string waiting;
  for (std::size_t at = 0; at < text.size() && !parser.done() && !parser.fault(); at += piece) {
    waiting += text.substr(at, piece);
    for (std::size_t used = 1; used > 0 && !parser.done();) {
      used = parser.put(waiting);
      waiting.erase(0, used);
    }
    out.held = std::max(out.held, waiting.size());
  }
  out.fault = parser.fault();
  return out;
}

/// A chunked message that never says anything but `filling`, 1 MiB of it.
std::string endless(std::string_view head, std::string_view before, std::string_view filling,
                    std::string_view after = "") {
  std::string out = std::string(head) + std::string(before);
  while (out.size() < (1U << 20U)) out += filling;
  return out + std::string(after);
}
constexpr std::string_view kAnswerHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(HttpParserTest, BytesBetweenChunksFilledTheMemory) {
  constexpr std::size_t kPiece = 16UL * 1024;
  for (const bool request : {true, false}) {
    const auto head = request ? kHead : kAnswerHead;
    for (const std::string& text :
         {endless(head, "1;", "x"), endless(head, "", "0"), endless(head, "0\r\n", "X: yyyyyyyyyyyyyyyy\r\n"),
          endless(head, "0\r\nX: ", "y"), endless(head, "1;a=\"", "x")}) {
      HttpParser parser(request ? HttpParser::Kind::kRequest : HttpParser::Kind::kResponse, kLimits);
      const Offered seen = offer(parser, text, kPiece);
      ASSERT_TRUE(seen.fault) << text.substr(head.size(), 20);
      EXPECT_EQ(seen.fault->status, 413) << seen.fault->sentence;
      EXPECT_LE(seen.held, kFramingBytes + kPiece);
    }
  }
}

TEST(HttpParserTest, ExtensionOfEachChunkWasLimitedAndNotTheirSum) {
  const std::string chunk = "1;" + std::string(4000, 'x') + "\r\nb\r\n";
  HttpParser parser(HttpParser::Kind::kRequest, kLimits);
  EXPECT_TRUE(offer(parser, endless(kHead, "", chunk), 512).fault);
  HttpParser watched(HttpParser::Kind::kResponse, kLimits);
  const Offered seen = offer(watched, endless(kAnswerHead, "", chunk), 512);
  ASSERT_TRUE(seen.fault);
  EXPECT_EQ(seen.fault->status, 413);
}

TEST(HttpParserTest, BodyInSmallChunksIsNoFault) {
  HttpParser parser(HttpParser::Kind::kResponse,
                    {.header_bytes = 4096, .header_count = 9, .body_bytes = 1 << 20});
  std::string body;
  parser.on_body([&body](std::string_view piece) { body += piece; });
  const Offered seen =
      offer(parser, endless(kAnswerHead, "", "1\r\nx\r\n", "0;last\r\nTrailer: 1\r\n\r\n"), 1000);
  EXPECT_FALSE(seen.fault) << seen.fault->sentence;
  EXPECT_TRUE(parser.done());
  EXPECT_GT(body.size(), 100'000U);
}

TEST(HttpParserTest, TrailerBecameAHeader) {
  HttpParser parser(HttpParser::Kind::kRequest, kLimits);
  const auto fault =
      feed_byte_by_byte(parser, std::string(kHead) + "1\r\nx\r\n0\r\nAuthorization: Bearer t\r\n\r\n");
  EXPECT_FALSE(fault);
  ASSERT_TRUE(parser.done());
  EXPECT_FALSE(parser.head().headers.has("Authorization"));
}

/// The status of the fault, 0 if there was none.
int status_of(HttpParser& parser, const std::string& text) {
  const auto fault = feed_byte_by_byte(parser, text);
  return fault ? fault->status : 0;
}

TEST(HttpParserTest, BodyWithUnknownCodingWasTakenForTheNextRequest) {
  const std::pair<const char*, int> cases[] = {
      {"HTTP/1.1|Transfer-Encoding: chunked", 0},
      {"HTTP/1.1|Transfer-Encoding:  Chunked ", 0},
      {"HTTP/1.1|Transfer-Encoding: xchunked", 501},
      {"HTTP/1.1|Transfer-Encoding: chunked, gzip", 501},
      {"HTTP/1.1|Transfer-Encoding: gzip, chunked", 501},
      {"HTTP/1.1|Transfer-Encoding: chunked, chunked", 501},
      {"HTTP/1.1|Transfer-Encoding: identity", 501},
      {"HTTP/1.1|Transfer-Encoding:", 501},
      {"HTTP/1.1|Transfer-Encoding: \"chunked\"", 501},
      {"HTTP/1.1|Transfer-Encoding: chunked;q=1", 501},
      {"HTTP/1.1|Transfer-Encoding: identity|Content-Length: 5", 501},
      {"HTTP/1.1|Content-Length: 5|Transfer-Encoding: xchunked", 400},
      {"HTTP/1.1|Transfer-Encoding: chunked|Content-Length: 5", 400},
      {"HTTP/1.1|Transfer-Encoding: chunked|Transfer-Encoding: chunked", 400},
      {"HTTP/1.1|Transfer-Encoding: chunked|Transfer-Encoding: gzip", 400},
      {"HTTP/1.0|Transfer-Encoding: chunked", 400},
  };
  for (const auto& [given, status] : cases) {
    std::string text = std::string("POST / ") + given + "|Host: a||0||";
    for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
      text.replace(at, 1, "\r\n");
    HttpParser parser(HttpParser::Kind::kRequest, kLimits);
    EXPECT_EQ(status_of(parser, text), status) << given;
  }
}

/// Status, body and what becomes of the connection; "fault 501" if the response was refused.
std::string answer_of(std::string_view text) {
  HttpParser parser(HttpParser::Kind::kResponse, kLimits);
  const auto fault = feed_byte_by_byte(parser, text);
  if (!fault) parser.end_of_stream();
  if (parser.fault()) return "fault " + std::to_string(parser.fault()->status);
  if (!parser.done()) return "incomplete";
  const HttpHead head = parser.take_head();
  return std::to_string(head.status) + " " + parser.take_body() + (head.keep_alive ? " kept" : " closed");
}

TEST(HttpParserTest, AnswersOfSmallServersFailedProbes) {
  const std::pair<const char*, const char*> cases[] = {
      // What boards and shell scripts send, and Go's client takes.
      {"HTTP/1.1 200\r\nConnection: close\r\n\r\nok", "200 ok closed"},
      {"HTTP/1.1 200 \r\nConnection: close\r\n\r\nok", "200 ok closed"},
      {"HTTP/1.1 200 OK\nConnection: close\n\nok", "200 ok closed"},
      {"HTTP/1.1 200\n\nok", "200 ok closed"},
      {"HTTP/1.0 200 OK\r\n\r\nok", "200 ok closed"},
      {"HTTP/1.1   204  No Content\r\n\r\n", "204  kept"},
      {"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 ok kept"},
      {"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "200 ok kept"},
      {"HTTP/1.1 200 OK\r\nA: b\r\n  c\r\nContent-Length: 2\r\n\r\nok", "200 ok kept"},
      {"HTTP/1.1 200 OK\r\nContent-Length : 9\r\nContent-Length: 2\r\n\r\nok", "200 ok kept"},
      {"HTTP/1.1 200 OK\r\nConnection: close;\r\nContent-Length: 2\r\n\r\nok", "200 ok closed"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "200 ok kept"},
      // Two ways to find the end: as Go, and nothing follows on the connection.
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
       "200 ok closed"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nok", "200 ok closed"},
      // What Go refuses as well.
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok", "fault 501"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "fault 501"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "fault 501"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", "fault 400"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", "fault 400"},
      {"HTTP/1.1 200 OK\r\nno colon\r\n\r\nok", "fault 400"},
      {"HTTP/1.1 200 OK\r\n Continued: nothing\r\n\r\nok", "fault 400"},
      {"HTTP/1.1 2000 OK\r\n\r\nok", "fault 400"},
      {"HTTP/1.1 20x OK\r\n\r\nok", "fault 400"},
      {"HTTP/2.0 200 OK\r\n\r\nok", "fault 400"},
      {"220 mail ESMTP\r\n\r\n", "fault 400"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "fault 400"},
  };
  for (const auto& [given, expected] : cases) EXPECT_EQ(answer_of(given), expected) << given;
}

TEST(HttpParserTest, RequestsAreNotReadAsLeniently) {
  for (const char* text : {"GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
                           "GET / HTTP/1.1\r\nHost: a\n\r\n", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"}) {
    HttpParser parser(HttpParser::Kind::kRequest, kLimits);
    const auto fault = feed_byte_by_byte(parser, text);
    EXPECT_TRUE(fault || !parser.head_done()) << text;
  }
}

/// "Host target" of a request with this start line and these headers, or its fault.
std::string read_target(const std::string& start, const std::string& headers = "Host: other\r\n") {
  HttpParser parser(HttpParser::Kind::kRequest, kLimits);
  const auto fault = feed_byte_by_byte(parser, start + "\r\n" + headers + "\r\n");
  if (fault) return "fault " + std::to_string(fault->status);
  const HttpHead head = parser.take_head();
  std::string hosts;
  for (const auto& [name, value] : head.headers)
    if (name == "Host") hosts += value + " ";
  return hosts + head.target;
}

TEST(HttpParserTest, ATargetInAbsoluteFormNamesHostAndPath) {
  EXPECT_EQ(read_target("GET http://node:10550/api/v1?limit=5 HTTP/1.1"), "node:10550 /api/v1?limit=5");
  EXPECT_EQ(read_target("GET HTTPS://[::1]:8443/x HTTP/1.1"), "[::1]:8443 /x");
  EXPECT_EQ(read_target("GET http://node HTTP/1.1"), "node /");
  EXPECT_EQ(read_target("GET http://node:80?a=b HTTP/1.1"), "node /?a=b");
  EXPECT_EQ(read_target("GET http://node/ HTTP/1.1", "Host: a\r\nX: y\r\nHost: b\r\n"), "node /");
  // A proxy's own request, also from before Host was required.
  EXPECT_EQ(read_target("GET http://node/x HTTP/1.0", ""), "node /x");
  EXPECT_EQ(read_target("GET http://node/x HTTP/1.1", ""), "/x");
}

TEST(HttpParserTest, OtherTargetsStayAsTheyAre) {
  for (const char* target :
       {"/http://node/x", "/a?b=http://node/", "*", "ftp://node/x", "node:80", "http:/node"})
    EXPECT_EQ(read_target(std::string("GET ") + target + " HTTP/1.1"), std::string("other ") + target);
  for (const char* target : {"http://", "http:///x", "http://user@node/", "http://node:0/",
                             "http://node:99999/", "http://[::1/x", "http://[node]/x"})
    EXPECT_EQ(read_target(std::string("GET ") + target + " HTTP/1.1"), "fault 400") << target;
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
