// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/image_reference.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"

namespace edgecore::kube {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(ImageReferenceTest, TakesNamesApart) {
  const struct {
    std::string text;
    const char* registry;
    const char* repository;
    const char* tag;
    std::string digest;
    std::string as_given;
  } rows[] = {
      {"nginx", "docker.io", "library/nginx", "latest", "", "nginx:latest"},
      {"nginx:1.25", "docker.io", "library/nginx", "1.25", "", "nginx:1.25"},
      {"a/b", "docker.io", "a/b", "latest", "", "a/b:latest"},
      {"docker.io/nginx", "docker.io", "library/nginx", "latest", "", "docker.io/nginx:latest"},
      {"index.docker.io/a/b:t", "docker.io", "a/b", "t", "", "index.docker.io/a/b:t"},
      {"localhost/x:tag", "localhost", "x", "tag", "", "localhost/x:tag"},
      {"localhost:5000/x", "localhost:5000", "x", "latest", "", "localhost:5000/x:latest"},
      {"10.0.0.1:5000/a/b-c__d.e:v1_2", "10.0.0.1:5000", "a/b-c__d.e", "v1_2", "",
       "10.0.0.1:5000/a/b-c__d.e:v1_2"},
      {"Registry/x", "Registry", "x", "latest", "", "Registry/x:latest"},
      {"[::1]:5000/x:t", "[::1]:5000", "x", "t", "", "[::1]:5000/x:t"},
      {"nginx@" + kDigest, "docker.io", "library/nginx", "", kDigest, "nginx@" + kDigest},
      {"r.io/n:1@" + kDigest, "r.io", "n", "1", kDigest, "r.io/n:1@" + kDigest},
      {"a---b", "docker.io", "library/a---b", "latest", "", "a---b:latest"},
  };
  for (const auto& row : rows) {
    const ImageReference image = parse_image_reference(row.text);
    EXPECT_EQ(image.registry, row.registry) << row.text;
    EXPECT_EQ(image.repository, row.repository) << row.text;
    EXPECT_EQ(image.tag, row.tag) << row.text;
    EXPECT_EQ(image.digest, row.digest) << row.text;
    EXPECT_EQ(image.as_given, row.as_given) << row.text;
    EXPECT_EQ(parse_image_reference(image.canonical()).canonical(), image.canonical()) << row.text;
  }
}

TEST(ImageReferenceTest, RefusesWhatNoRuntimeTakes) {
  for (const std::string& text : {std::string(""),
                                  std::string(":"),
                                  std::string("nginx:"),
                                  std::string("Nginx"),
                                  std::string("a/B"),
                                  std::string("/a"),
                                  std::string("a/"),
                                  std::string("a//b"),
                                  std::string("-a"),
                                  std::string("a-"),
                                  std::string("a___b"),
                                  std::string("a..b"),
                                  std::string("a b"),
                                  std::string("a:b c"),
                                  std::string("a:.b"),
                                  std::string("a@"),
                                  std::string("a@sha256:12"),
                                  std::string("a@md5:") + std::string(32, 'a'),
                                  "a@sha256:" + std::string(64, 'A'),
                                  "a@" + kDigest + "a",
                                  std::string("http://x/y"),
                                  std::string("r.io:/x"),
                                  std::string("r.io:x/x"),
                                  std::string("-r.io/x"),
                                  std::string("[::1/x"),
                                  std::string("a:") + std::string(129, 't'),
                                  std::string(64, 'a'),
                                  std::string(256, 'a'),
                                  std::string("r.io/") + std::string(251, 'a'),
                                  std::string("a\n"),
                                  std::string("a:b:c"),
                                  std::string("a@@" + kDigest)}) {
    EXPECT_THROW(parse_image_reference(text), BadInput) << text;
  }
}

TEST(ImageReferenceTest, PullPolicyFollowsTheTag) {
  EXPECT_EQ(parse_image_reference("a").default_pull_policy(), "Always");
  EXPECT_EQ(parse_image_reference("a:latest").default_pull_policy(), "Always");
  EXPECT_EQ(parse_image_reference("a:1").default_pull_policy(), "IfNotPresent");
  EXPECT_EQ(parse_image_reference("a@" + kDigest).default_pull_policy(), "IfNotPresent");
}

}  // namespace
}  // namespace edgecore::kube
