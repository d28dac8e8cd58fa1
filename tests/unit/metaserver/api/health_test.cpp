// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/health.hpp"

#include <gmock/gmock.h>

namespace edgecore::metaserver {
namespace {

using Modules = std::vector<ModuleHealth>;

HealthAnswer answer_to(const char* target, const Modules& modules = {}) {
  const auto answer = health_answer(net::Target::parse(target), modules);
  return answer ? *answer : HealthAnswer{404, ""};
}

const Modules kAllRun = {{"metamanager", ""}, {"edged", ""}};
const Modules kEdgedStarts = {{"metamanager", ""}, {"edged", "it is starting"}};

TEST(HealthTest, ANodeWhoseModulesRunIsReady) {
  EXPECT_EQ(answer_to("/readyz", kAllRun).status, 200);
  EXPECT_EQ(answer_to("/readyz", kAllRun).text, "ok");
  EXPECT_EQ(answer_to("/readyz/", kAllRun).text, "ok");
  EXPECT_EQ(answer_to("/readyz?verbose", kAllRun).text,
            "[+]ping ok\n[+]module/metamanager ok\n[+]module/edged ok\nreadyz check passed\n");
}

TEST(HealthTest, AModuleThatDoesNotRunIsNamed) {
  EXPECT_EQ(answer_to("/readyz", kEdgedStarts).status, 500);
  EXPECT_EQ(
      answer_to("/readyz", kEdgedStarts).text,
      "[+]ping ok\n[+]module/metamanager ok\n[-]module/edged failed: it is starting\nreadyz check failed\n");
  EXPECT_EQ(answer_to("/readyz?verbose=1", kEdgedStarts).text, answer_to("/readyz", kEdgedStarts).text);
}

TEST(HealthTest, TheNodeIsAliveAllTheSame) {
  for (const char* path : {"/healthz", "/livez"}) {
    EXPECT_EQ(answer_to(path, kEdgedStarts).status, 200) << path;
    EXPECT_EQ(answer_to(path, kEdgedStarts).text, "ok") << path;
  }
  EXPECT_EQ(answer_to("/livez?verbose", kEdgedStarts).text, "[+]ping ok\nlivez check passed\n");
}

TEST(HealthTest, ACheckCanBeAskedForAlone) {
  EXPECT_EQ(answer_to("/readyz/module/metamanager", kEdgedStarts).text, "ok");
  EXPECT_EQ(answer_to("/readyz/module/edged", kEdgedStarts).status, 500);
  EXPECT_EQ(answer_to("/readyz/module/edged", kEdgedStarts).text, "internal server error: it is starting\n");
  EXPECT_EQ(answer_to("/healthz/ping", kEdgedStarts).text, "ok");
  for (const char* path :
       {"/readyz/module", "/readyz/module/nothing", "/livez/module/edged", "/readyz/ping/"})
    EXPECT_EQ(answer_to(path, kEdgedStarts).status, 404) << path;
}

TEST(HealthTest, AnExcludedCheckDoesNotCount) {
  EXPECT_EQ(answer_to("/readyz?exclude=module/edged", kEdgedStarts).text, "ok");
  EXPECT_EQ(answer_to("/readyz?verbose&exclude=module/edged&exclude=x", kEdgedStarts).text,
            "[+]ping ok\n[+]module/metamanager ok\n[+]module/edged excluded: ok\n"
            "warn: some health checks cannot be excluded: no matches for \"x\"\nreadyz check passed\n");
}

TEST(HealthTest, OtherPathsAreNone) {
  for (const char* path : {"/healthz", "/livez/ping", "/readyz/"}) EXPECT_TRUE(is_health_path(path)) << path;
  for (const char* path : {"/", "", "/readyzz", "/api/readyz", "/health"})
    EXPECT_FALSE(is_health_path(path)) << path;
}

}  // namespace
}  // namespace edgecore::metaserver
