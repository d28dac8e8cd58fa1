// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/request_info.hpp"

#include <gmock/gmock.h>

#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {
namespace {

using ::testing::ElementsAre;

/// "verb group/version resource ns/name/subresource", or "- verb" for what is no resource.
std::string read(std::string_view method, std::string_view target) {
  const RequestInfo info = parse_request(method, target);
  if (!info.is_resource) return "- " + info.verb;
  return info.verb + " " + info.group + "/" + info.version + " " + info.resource + " " + info.ns + "/" +
         info.name + "/" + info.subresource;
}

TEST(RequestInfoTest, PathsMeanWhatTheyMeanToTheApiServer) {
  const struct {
    const char *method, *target, *meaning;
  } rows[] = {
      {"GET", "/api/v1/pods", "list /v1 pods //"},
      {"GET", "/api/v1/pods/", "list /v1 pods //"},
      {"GET", "/api/v1/namespaces/d/pods", "list /v1 pods d//"},
      {"GET", "/api/v1/namespaces/d/pods/web", "get /v1 pods d/web/"},
      {"HEAD", "/api/v1/namespaces/d/pods/web", "get /v1 pods d/web/"},
      {"GET", "/api/v1/namespaces/d/pods/web/log?follow=true", "get /v1 pods d/web/log"},
      {"POST", "/api/v1/namespaces/d/pods", "create /v1 pods d//"},
      {"PUT", "/api/v1/namespaces/d/pods/web/status", "update /v1 pods d/web/status"},
      {"PATCH", "/apis/apps/v1/namespaces/d/deployments/x/scale", "patch apps/v1 deployments d/x/scale"},
      {"DELETE", "/api/v1/namespaces/d/pods/web", "delete /v1 pods d/web/"},
      {"DELETE", "/api/v1/namespaces/d/pods", "deletecollection /v1 pods d//"},
      {"OPTIONS", "/api/v1/pods", " /v1 pods //"},
      {"GET", "/apis/apps/v1/deployments", "list apps/v1 deployments //"},
      {"GET", "/api/v1/namespaces", "list /v1 namespaces //"},
      {"GET", "/api/v1/namespaces/d", "get /v1 namespaces d/d/"},
      {"PUT", "/api/v1/namespaces/d/finalize", "update /v1 namespaces d/d/finalize"},
      {"PATCH", "/api/v1/namespaces/d/status", "patch /v1 namespaces d/d/status"},
      {"GET", "/api/v1/watch/namespaces/d/pods", "watch /v1 pods d//"},
      {"GET", "/api/v1/watch/pods/web", "watch /v1 pods /web/"},
      {"GET", "/api/v1/proxy/namespaces/d/services/web/a/b", "proxy /v1 services d/web/"},
      {"GET", "/api/v1/nodes/system:node%3Ae", "get /v1 nodes /system:node:e/"},
      {"GET", "/", "- get"},
      {"GET", "/api", "- get"},
      {"GET", "/api/v1", "- get"},
      {"GET", "/apis/apps/v1", "- get"},
      {"POST", "/openapi/v2/x/y", "- post"},
      {"GET", "/healthz/api/v1/pods", "- get"},
  };
  for (const auto& row : rows) EXPECT_EQ(read(row.method, row.target), row.meaning) << row.target;
}

TEST(RequestInfoTest, AWatchIsAListThatAsksForIt) {
  for (const char* yes : {"watch", "watch=", "watch=1", "watch=true", "watch=True", "watch=yes"})
    EXPECT_EQ(read("GET", std::string("/api/v1/pods?") + yes), "watch /v1 pods //") << yes;
  for (const char* no : {"watch=0", "watch=false", "watch=False", "other=1"})
    EXPECT_EQ(read("GET", std::string("/api/v1/pods?") + no), "list /v1 pods //") << no;
  EXPECT_EQ(read("GET", "/api/v1/namespaces/d/pods/web?watch=true"), "get /v1 pods d/web/");
}

TEST(RequestInfoTest, ASelectorOfOneNameNamesTheObject) {
  EXPECT_EQ(read("GET", "/api/v1/namespaces/d/pods?fieldSelector=metadata.name%3Dweb"),
            "list /v1 pods d/web/");
  EXPECT_EQ(read("GET", "/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3De,metadata.name%3Dweb"),
            "watch /v1 pods /web/");
  EXPECT_EQ(read("GET", "/api/v1/pods?fieldSelector=metadata.name!%3Dweb"), "list /v1 pods //");
  EXPECT_EQ(read("GET", "/api/v1/pods?fieldSelector=metadata.name%3Da/b"), "list /v1 pods //");
  EXPECT_EQ(read("GET", "/api/v1/pods?fieldSelector=%3D%3D%3D"), "list /v1 pods //");
  EXPECT_EQ(read("DELETE", "/api/v1/pods?fieldSelector=metadata.name%3Dweb"), "deletecollection /v1 pods //");
}

TEST(RequestInfoTest, TheRestOfThePathAndTheQueryAreKept) {
  const RequestInfo info = parse_request("GET", "/api/v1/namespaces/d/services/web/proxy/a%20b/c?x=1%202");
  EXPECT_EQ(info.subresource, "proxy");
  EXPECT_THAT(info.more, ElementsAre("a b", "c"));
  EXPECT_EQ(info.target.find("x"), "1 2");
  EXPECT_EQ(info.target.path, "/api/v1/namespaces/d/services/web/proxy/a%20b/c");
  EXPECT_THAT(parse_request("GET", "/api/v1/proxy/nodes/e/a").more, ElementsAre("a"));
}

TEST(RequestInfoTest, WhatCannotBeANameIsRefused) {
  for (const char* bad :
       {"api/v1/pods", "*", "", "/api/v1/namespaces//pods", "/api/v1/namespaces/d/pods/..",
        "/api/v1/namespaces/%2e%2e/pods", "/api/v1/namespaces/d/pods/a%2Fb", "/api/v1/namespaces/d/pods/a%00",
        "/api/v1/namespaces/d/pods/a%0Ab", "/api/v1/namespaces/d/pods/a%25", "/api/v1/namespaces/d/pods/a%zz",
        "/api/v1/namespaces/d/pods/a%ff", "/api/v1/watch", "/api/v1/watch/", "/apis//v1/pods/x",
        "/api/v1/pods?x=%zz"}) {
    try {
      const RequestInfo info = parse_request("GET", bad);
      // Too short to be a resource: nothing is read from it.
      EXPECT_FALSE(info.is_resource) << bad;
      EXPECT_TRUE(std::string_view(bad) == "/api/v1/watch" || std::string_view(bad) == "/api/v1/watch/")
          << bad;
    } catch (const ApiError& error) {
      EXPECT_EQ(error.status().code, 400) << bad;
    }
  }
}

}  // namespace
}  // namespace edgecore::metaserver
