// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/representation.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "edgecore/kube/json.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {
namespace {

Representation chosen(const std::string& accept, Offer offer = Offer::kObject,
                      std::string_view target = "/api/v1/pods") {
  net::Headers headers;
  if (!accept.empty()) headers.set("Accept", accept);
  return representation(headers, net::Target::parse(target), offer);
}

std::string refused_accept(const std::string& accept, Offer offer = Offer::kObject) {
  try {
    chosen(accept, offer);
  } catch (const ApiError& error) {
    EXPECT_EQ(error.status().code, 406);
    return error.status().message;
  }
  return "";
}

constexpr const char* kKubectlTable =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,"
    "application/json";

TEST(RepresentationTest, JsonIsForWhoeverTakesAnything) {
  for (const char* accept :
       {"", "*/*", "application/*", "application/json", "application/vnd.kubernetes.protobuf, */*",
        "application/vnd.kubernetes.protobuf,application/json", "text/html, */*;q=0.1",
        "Application/JSON; charset=utf-8"}) {
    const Representation as = chosen(accept);
    EXPECT_EQ(as.form, Form::kObject) << accept;
    EXPECT_EQ(as.content_type, "application/json") << accept;
  }
}

TEST(RepresentationTest, QualityGoesBeforeOrderAndNamesBeforeWildcards) {
  EXPECT_EQ(chosen("application/json;q=0.5, application/yaml").encoding, Encoding::kYaml);
  EXPECT_EQ(chosen("*/*, application/yaml").encoding, Encoding::kYaml);
  EXPECT_EQ(chosen("application/yaml;q=0, */*").encoding, Encoding::kJson);
  EXPECT_EQ(chosen("application/json, application/yaml").encoding, Encoding::kJson);
  EXPECT_EQ(chosen("application/yaml").content_type, "application/yaml");
}

TEST(RepresentationTest, WhatFitsNothingIsRefusedWithWhatThereIs) {
  EXPECT_EQ(refused_accept("application/vnd.kubernetes.protobuf"),
            "only the following media types are accepted: application/json, application/yaml");
  EXPECT_EQ(refused_accept("application/yaml", Offer::kWatch),
            "only the following media types are accepted: application/json");
  EXPECT_NE(refused_accept("text/html"), "");
  EXPECT_NE(refused_accept("application/json;charset=latin1"), "");
  EXPECT_NE(refused_accept("application/json;as=Chart;v=v1;g=meta.k8s.io"), "");
  EXPECT_NE(refused_accept("application/json;as=Table;v=v7;g=meta.k8s.io"), "");
  EXPECT_NE(refused_accept("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"), "");
}

TEST(RepresentationTest, FormsAreTakenInTheOrderOfTheClient) {
  Representation as = chosen(kKubectlTable, Offer::kList, "/api/v1/pods?includeObject=Object");
  EXPECT_EQ(as.form, Form::kTable);
  EXPECT_EQ(as.version, "v1");
  EXPECT_EQ(as.include, kube::IncludeObject::kObject);
  EXPECT_EQ(as.content_type, "application/json");
  EXPECT_EQ(chosen(kKubectlTable, Offer::kWatch).form, Form::kTable);
  EXPECT_EQ(chosen(kKubectlTable, Offer::kDocument).form, Form::kObject);
  as = chosen("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Offer::kList);
  EXPECT_EQ(as.form, Form::kPartialObjectMetadataList);
  as = chosen(
      "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,"
      "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
      Offer::kWatch);
  EXPECT_EQ(as.form, Form::kPartialObjectMetadata);
  EXPECT_EQ(chosen("application/yaml;as=Table;v=v1beta1;g=meta.k8s.io").encoding, Encoding::kYaml);
}

TEST(RepresentationTest, AnUnknownIncludeObjectIsABadRequest) {
  try {
    chosen(kKubectlTable, Offer::kList, "/api/v1/pods?includeObject=All");
    FAIL();
  } catch (const ApiError& error) {
    EXPECT_EQ(error.status().code, 400);
  }
  EXPECT_EQ(chosen("", Offer::kList, "/api/v1/pods?includeObject=All").form, Form::kObject);
}

TEST(RepresentationTest, DiscoveryIsAggregatedForWhoKnowsIt) {
  const Representation as = chosen(
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
      "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
      "application/json",
      Offer::kDiscovery);
  EXPECT_EQ(as.form, Form::kAggregatedDiscovery);
  EXPECT_EQ(as.version, "v2");
  EXPECT_EQ(as.content_type, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  EXPECT_EQ(chosen("application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList,application/json",
                   Offer::kDiscovery)
                .form,
            Form::kObject);
}

TEST(RepresentationTest, OpenApiIsProtobufForOldKubectl) {
  for (const char* type : {"application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
                           "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"}) {
    const Representation as = chosen(type, Offer::kOpenApi, "/openapi/v2?pretty=1");
    EXPECT_EQ(as.form, Form::kOpenApiProto);
    // The spelling with '@' is no media type that Go reads in an answer.
    EXPECT_EQ(as.content_type, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
    EXPECT_FALSE(as.pretty);
  }
  EXPECT_EQ(chosen("application/json", Offer::kOpenApi).form, Form::kObject);
  EXPECT_NE(refused_accept("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", Offer::kObject), "");
}

TEST(RepresentationTest, PeopleGetIndentedText) {
  const auto pretty = [](const char* agent, const char* target) {
    return representation({{"User-Agent", agent}}, net::Target::parse(target), Offer::kObject).pretty;
  };
  EXPECT_TRUE(pretty("curl/8.0", "/x"));
  EXPECT_TRUE(pretty("Wget/1", "/x"));
  EXPECT_TRUE(pretty("Mozilla/5.0 (X11)", "/x"));
  EXPECT_FALSE(pretty("kubectl/v1.28", "/x"));
  EXPECT_TRUE(pretty("kubectl/v1.28", "/x?pretty=true"));
  EXPECT_FALSE(pretty("curl/8.0", "/x?pretty=false"));
  EXPECT_TRUE(pretty("curl/8.0", "/x?pretty="));
}

TEST(RepresentationTest, PrettyTextIsTheSameValue) {
  EXPECT_EQ(pretty_print(R"({"a":[1,{"b":"x: {\"y\", [z]}"}],"c":{},"d":[]})"),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x: {\\\"y\\\", [z]}\"\n    }\n  ],\n  \"c\": {},\n"
            "  \"d\": []\n}\n");
  EXPECT_EQ(pretty_print("7"), "7\n");
  const std::string text = R"({"a":"\\","b":[[],[{}],"\u00e9"],"c":[{"d":null},-1.5e3]})";
  EXPECT_EQ(Json::parse(pretty_print(text)), Json::parse(text));
  EXPECT_EQ(pretty_print(pretty_print(text)), pretty_print(text));
  EXPECT_FALSE(pretty_print("}}]]{{\"").empty());  // no JSON, no harm
}

// A review of 1.7 MiB came back as 91 MiB with ?pretty=1.
TEST(RepresentationTest, WhatWouldBeTooLargeIndentedIsNotIndented) {
  for (std::size_t depth : {std::size_t{100}, std::size_t{1000}, std::size_t{100'000}}) {
    std::string nested;
    for (std::size_t i = 0; i < std::size_t{1'700'000} / depth / 2; ++i)
      nested += std::string(depth, '[') + std::string(depth, ']') + ",";
    EXPECT_EQ(pretty_print(nested), nested) << depth;
  }
  const std::string brackets(kPrettyBytes / 2, '[');
  EXPECT_EQ(pretty_print(brackets), brackets);
  EXPECT_NE(pretty_print(R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(pretty_print(R"({"a":1})", 8), R"({"a":1})");
}

TEST(RepresentationTest, GzipIsForWhoAcceptsIt) {
  const auto gzip_for = [](const char* encodings) {
    return representation({{"Accept-Encoding", encodings}}, net::Target::parse("/x"), Offer::kObject).gzip;
  };
  EXPECT_TRUE(gzip_for("gzip"));
  EXPECT_TRUE(gzip_for("deflate, GZIP;q=0.5"));
  EXPECT_FALSE(gzip_for("gzip;q=0"));
  EXPECT_FALSE(gzip_for("identity"));
  EXPECT_FALSE(gzip_for(""));
}

TEST(RepresentationTest, GzippedTextUnpacks) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919 % 1000) + ",";
  const std::string packed = gzip(text);
  EXPECT_LT(packed.size(), text.size() / 2);
  std::string unpacked(text.size() + 1, '\0');
  z_stream stream{};
  ASSERT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(unpacked.data());
  stream.avail_out = static_cast<uInt>(unpacked.size());
  EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
  unpacked.resize(stream.total_out);
  ::inflateEnd(&stream);
  EXPECT_EQ(unpacked, text);
}

}  // namespace
}  // namespace edgecore::metaserver
