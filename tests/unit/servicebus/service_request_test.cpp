// SPDX-License-Identifier: Apache-2.0
#include "servicebus/service_request.hpp"

#include <gtest/gtest.h>

#include "edgecore/beehive/names.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::servicebus {
namespace {

beehive::Message call(const std::string& resource, Json content) {
  return beehive::make_message(names::source::kRouterServiceBus, names::group::kUser, "POST", resource,
                               std::move(content));
}

Json content_of(const Json& headers, const std::string& body = "") {
  return {{"header", headers}, {"body", net::base64(body)}, {"method", "POST"}, {"url", ""}};
}

ServiceRequest read(const std::string& resource, const Json& content = Json::object()) {
  auto outcome = read_service_request(call(resource, content));
  if (auto* refused = std::get_if<ServiceAnswer>(&outcome)) {
    ADD_FAILURE() << refused->body;
    return {};
  }
  return std::get<ServiceRequest>(std::move(outcome));
}

/// "<status> <text>" of a refusal.
std::string refused(const std::string& resource, const Json& content = Json::object()) {
  const auto outcome = read_service_request(call(resource, content));
  const auto* answer = std::get_if<ServiceAnswer>(&outcome);
  if (answer == nullptr) return "taken";
  EXPECT_EQ(answer->headers.get("Server"), "kubeedge-edgecore");
  return std::to_string(answer->status) + " " + answer->body;
}

TEST(ServiceRequest, IsReadAsTheCloudWritesIt) {
  const Json headers = {{"Content-Type", {"application/json"}}, {"X-Many", {"1", "2"}}};
  const ServiceRequest request = read("8080:/request_path/param", content_of(headers, "{\"a\":1}"));
  EXPECT_EQ(request.url.authority(), "127.0.0.1:8080");
  EXPECT_EQ(request.url.target, "/request_path/param");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.body, "{\"a\":1}");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(request.headers.get("Accept"), "*/*");
  std::vector<std::string> many;
  for (const auto& [name, value] : request.headers)
    if (name == "X-Many") many.push_back(value);
  EXPECT_EQ(many, (std::vector<std::string>{"1", "2"}));
}

TEST(ServiceRequest, TakesThePathAsItIs) {
  EXPECT_EQ(read("8080:/a:b:c").url.target, "/a:b:c");
  EXPECT_EQ(read("8080:/a?b=c:d&e=%2F").url.target, "/a?b=c:d&e=%2F");
  EXPECT_EQ(read("8080:").url.target, "/");
  EXPECT_EQ(read("8080:?q=1").url.target, "/?q=1");
  EXPECT_EQ(read("65535:/a b").url.target, "/a%20b");
  EXPECT_EQ(read("1://twice").url.target, "//twice");
}

TEST(ServiceRequest, APlaceThatIsNoPortAndPathIsRefused) {
  for (const char* resource : {"8080", "", ":/a", "x:/a", "0:/a", "65536:/a", "-1:/a", "+80:/a", " 80:/a",
                               "80 :/a", "8080:a", "8080:@elsewhere/", "8080:/a\nb", "127.0.0.1:8080:/a"}) {
    EXPECT_EQ(refused(resource), "400 the format of resource " + std::string(resource) + " is incorrect");
  }
  EXPECT_EQ(refused("80:/" + std::string(70'000, 'x')).substr(0, 40),
            "400 the format of resource 80:/xxxxxxxxx");
}

TEST(ServiceRequest, TheContentMayBeTextAndMayLackEverything) {
  EXPECT_EQ(read("80:/", content_of(nullptr, "b").dump()).body, "b");
  EXPECT_EQ(read("80:/", nullptr).method, "GET");
  EXPECT_EQ(read("80:/", {{"body", nullptr}, {"method", "DELETE"}, {"header", nullptr}}).method, "DELETE");
  EXPECT_EQ(read("80:/", {{"header", {{"X-One", "bare"}, {"X-None", nullptr}}}}).headers.get("X-One"),
            "bare");
}

TEST(ServiceRequest, AContentThatIsNoneIsRefused) {
  EXPECT_EQ(refused("80:/", 7), "400 error to marshal request msg content");
  EXPECT_EQ(refused("80:/", Json::array()), "400 error to marshal request msg content");
  const Json bad[] = {"no JSON",
                      "[]",
                      {{"method", 7}},
                      {{"method", "GET /x HTTP/1.1\r\nX: y"}},
                      {{"body", "not base64!"}},
                      {{"body", 7}},
                      {{"header", "X"}},
                      {{"header", {{"X", 7}}}},
                      {{"header", {{"X", {7}}}}},
                      {{"header", {{"X", {"a\r\nY: b"}}}}},
                      {{"header", {{"X Y", {"a"}}}}},
                      {{"header", {{"", {"a"}}}}},
                      {{"header", {{"X", {std::string(70'000, 'x')}}}}}};
  for (const Json& content : bad)
    EXPECT_EQ(refused("80:/", content), "400 error to parse http request") << content;
}

TEST(ServiceRequest, WhatConcernsOneConnectionIsNotForwarded) {
  const Json headers = {{"Host", {"cloud"}},
                        {"content-length", {"9999"}},
                        {"Transfer-Encoding", {"chunked"}},
                        {"Connection", {"X-Hop"}},
                        {"X-Hop", {"1"}},
                        {"Expect", {"100-continue"}},
                        {"Upgrade", {"h2c"}},
                        {"Keep-Alive", {"5"}},
                        {"TE", {"trailers"}},
                        {"accept", {"text/plain"}},
                        {"X-Stays", {"1"}}};
  const ServiceRequest request = read("80:/", content_of(headers, "body"));
  EXPECT_EQ(request.headers.size(), 2U);
  EXPECT_EQ(request.headers.get("Accept"), "text/plain");
  EXPECT_TRUE(request.headers.has("X-Stays"));
}

TEST(ServiceAnswer, IsWrittenAsGoWouldWriteIt) {
  ServiceAnswer answer;
  answer.status = 201;
  answer.headers = {{"content-type", "text/plain"}, {"Set-Cookie", "a"}, {"SET-COOKIE", "b"},
                    {"Connection", "close, X-Hop"}, {"X-Hop", "1"},      {"Transfer-Encoding", "chunked"}};
  answer.body = std::string("\0\xff", 2);
  const Json expected = {{"header", {{"Content-Type", {"text/plain"}}, {"Set-Cookie", {"a", "b"}}}},
                         {"status_code", 201},
                         {"body", "AP8="}};
  EXPECT_EQ(answer_content(answer), expected);
  EXPECT_EQ(answer_content(ServiceAnswer())["body"], "");
  EXPECT_EQ(answer_content(ServiceAnswer())["header"], Json::object());
}

/// "<method> <url> <body>" of the next request, or "seen" if the caller gets the answer itself.
std::string after(const ServiceRequest& request, int status, const std::string& location) {
  const auto next = follow_redirect(request, status, net::Headers{{"Location", location}});
  return next ? next->method + " " + next->url.authority() + next->url.target + " " + next->body : "seen";
}

TEST(Redirect, LedToAnotherServiceOfTheNode) {
  ServiceRequest request = read("8080:/a/b", content_of(Json::object(), "data"));
  EXPECT_EQ(after(request, 307, "c"), "POST 127.0.0.1:8080/a/c data");
  EXPECT_EQ(after(request, 308, "/c"), "POST 127.0.0.1:8080/c data");
  EXPECT_EQ(after(request, 307, "http://localhost:8080/c"), "POST localhost:8080/c data");
  for (const char* away :
       {"http://127.0.0.1:10550/api/v1/secrets", "http://localhost:81/c", "http://[::1]:8080/c",
        "http://127.1.2.3:8080/", "http://127.0.0.1/", "http://192.168.1.1:8080/", "https://127.0.0.1:8080/",
        "http://127.0.0.1.example.com:8080/", "//elsewhere:8080/", "http://localhost.example.com:8080/",
        "ftp://127.0.0.1/", "http://0.0.0.0:8080/"})
    EXPECT_EQ(after(request, 307, away), "seen") << away;
  EXPECT_EQ(after(request, 304, "/c"), "seen");
  EXPECT_EQ(after(request, 200, "/c"), "seen");
  EXPECT_FALSE(follow_redirect(request, 302, net::Headers()));
}

TEST(Redirect, TurnsAPostIntoAGetAsBrowsersDo) {
  ServiceRequest request = read("80:/", content_of({{"Content-Type", {"text/plain"}}, {"X", {"1"}}}, "data"));
  for (const int status : {301, 302, 303}) {
    EXPECT_EQ(after(request, status, "/c"), "GET 127.0.0.1/c ") << status;
    const auto next = follow_redirect(request, status, net::Headers{{"Location", "/c"}});
    ASSERT_TRUE(next);
    EXPECT_FALSE(next->headers.has("Content-Type"));
    EXPECT_TRUE(next->headers.has("X"));
  }
  request.method = "HEAD";
  EXPECT_EQ(after(request, 303, "/c"), "HEAD 127.0.0.1/c data");
}

TEST(Redirect, TakesCredentialsAlongToTheSameService) {
  const ServiceRequest request = read("80:/", content_of({{"Authorization", {"secret"}}, {"X", {"1"}}}));
  const auto next = follow_redirect(request, 302, net::Headers{{"Location", "/c"}});
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->headers.has("Authorization"));
  EXPECT_TRUE(next->headers.has("X"));
}

}  // namespace
}  // namespace edgecore::servicebus
