// SPDX-License-Identifier: Apache-2.0
#include "metaserver/logs/pod_log_options.hpp"

#include <gtest/gtest.h>

#include "unit/metaserver/refusal.hpp"

namespace edgecore::metaserver {
namespace {

using namespace std::chrono_literals;

PodLogOptions parsed(const std::string& query) {
  return parse_log_options(net::Target::parse("/api/v1/namespaces/default/pods/web/log?" + query), "web");
}

TEST(PodLogOptions, AreReadAsTheApiServerReadsThem) {
  const auto options = parsed(
      "container=c&follow=true&previous=&timestamps=0&tailLines=0&limitBytes=7&sinceSeconds=60&pretty=true");
  EXPECT_EQ(options.container, "c");
  EXPECT_TRUE(options.follow);
  EXPECT_TRUE(options.previous) << "a flag without a value is set";
  EXPECT_FALSE(options.timestamps);
  EXPECT_EQ(options.tail_lines, 0U);
  EXPECT_EQ(options.limit_bytes, 7U);
  const WallTime now{std::chrono::seconds(1'718'000'000)};
  EXPECT_EQ(options.since(now), now - 60s);
  EXPECT_EQ(parsed("sinceTime=2024-06-10T06:13:20Z").since(WallTime()), now);
  EXPECT_EQ(parsed("").since(now), std::nullopt);
  EXPECT_EQ(parsed("stream=Stderr").stream, PodLogOptions::Stream::kStderr);
}

TEST(PodLogOptions, OfNonsenseAreRefused) {
  EXPECT_EQ(refusal([] { parsed("tailLines=ten"); }).code, 400);
  EXPECT_EQ(refusal([] { parsed("limitBytes="); }).code, 400);
  EXPECT_EQ(refusal([] { parsed("sinceTime=yesterday"); }).code, 400);
  const auto negative = refusal([] { parsed("tailLines=-1"); });
  EXPECT_EQ(negative.code, 422);
  EXPECT_EQ(
      negative.message,
      "PodLogOptions \"web\" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0");
  EXPECT_EQ(refusal([] { parsed("limitBytes=0"); }).message,
            "PodLogOptions \"web\" is invalid: limitBytes: Invalid value: 0: must be greater than 0");
  EXPECT_EQ(refusal([] { parsed("sinceSeconds=0"); }).code, 422);
  EXPECT_EQ(refusal([] { parsed("sinceSeconds=5&sinceTime=2024-06-10T06:13:20Z"); }).code, 422);
  EXPECT_EQ(refusal([] { parsed("stream=both"); }).code, 422);
}

Json pod_with_status(const char* status, const char* more_spec = "") {
  return kube::parse_json(std::string(R"({"metadata": {"name": "web", "namespace": "default", "uid": "u"},
      "spec": {"containers": [{"name": "a"}])") +
                          more_spec + R"(}, "status": {"containerStatuses": [)" + status + "]}}");
}

kube::Status refused(const Json& object, const PodLogOptions& options) {
  return refusal([&] { find_log_target(object, options); });
}

TEST(LogTarget, IsTheOnlyContainerOrTheNamedOne) {
  const Json one = pod_with_status(R"({"name": "a", "restartCount": 2, "containerID": "containerd://x",
                           "state": {"running": {}}})");
  const auto target = find_log_target(one, {});
  EXPECT_EQ(target.container, "a");
  EXPECT_EQ(target.number, 2U);
  EXPECT_EQ(target.container_id, "containerd://x");
  EXPECT_TRUE(target.running);
  EXPECT_TRUE(still_runs(one, target));
  EXPECT_FALSE(still_runs(nullptr, target));
  PodLogOptions options;
  options.container = "z";
  EXPECT_EQ(refused(one, options).message, "container z is not valid for pod web");
  EXPECT_EQ(refused(one, options).code, 400);

  Json two = one;
  two["spec"]["containers"].push_back({{"name", "b"}});
  EXPECT_EQ(refused(two, {}).message, "a container name must be specified for pod web, choose one of: [a b]");
  two["spec"]["initContainers"] = Json::array({{{"name", "i"}}});
  EXPECT_EQ(refused(two, {}).message,
            "a container name must be specified for pod web, choose one of: [a b] or one of the init "
            "containers: [i]");
  options.container = "b";
  EXPECT_EQ(refused(two, options).message, "container \"b\" in pod \"web\" is not available");
}

TEST(LogTarget, OfAContainerThatWaitsIsTheOneBefore) {
  const auto crashed =
      find_log_target(pod_with_status(R"({"name": "a", "restartCount": 3, "state": {"waiting":
      {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"containerID": "containerd://last"}}})"),
                      {});
  EXPECT_EQ(crashed.number, 3U);
  EXPECT_EQ(crashed.container_id, "containerd://last");
  EXPECT_FALSE(crashed.running);
  EXPECT_EQ(
      refused(pod_with_status(R"({"name": "a", "state": {"waiting": {"reason": "ContainerCreating"}}})"), {})
          .message,
      "container \"a\" in pod \"web\" is waiting to start: ContainerCreating");
  EXPECT_EQ(
      refused(pod_with_status(R"({"name": "a", "state": {"waiting": {"reason": "ImagePullBackOff"}}})"), {})
          .message,
      "container \"a\" in pod \"web\" is waiting to start: trying and failing to pull image");
  EXPECT_EQ(refused(pod_with_status(R"({"name": "a"})"), {}).message,
            "container \"a\" in pod \"web\" is waiting to start - no logs yet");
}

TEST(LogTarget, PreviousIsTheContainerBeforeTheOneThatRuns) {
  PodLogOptions previous;
  previous.previous = true;
  const auto last = R"("lastState": {"terminated": {"containerID": "containerd://last"}}})";
  EXPECT_EQ(
      find_log_target(
          pod_with_status(
              (R"({"name": "a", "restartCount": 3, "state": {"running": {}}, )" + std::string(last)).c_str()),
          previous)
          .number,
      2U);
  EXPECT_EQ(
      find_log_target(
          pod_with_status(
              (R"({"name": "a", "restartCount": 3, "state": {"waiting": {}}, )" + std::string(last)).c_str()),
          previous)
          .number,
      3U);
  const auto none = refused(pod_with_status(R"({"name": "a", "state": {"running": {}}})"), previous);
  EXPECT_EQ(none.message, "previous terminated container \"a\" in pod \"web\" not found");
  EXPECT_EQ(none.code, 400);
}

}  // namespace
}  // namespace edgecore::metaserver
