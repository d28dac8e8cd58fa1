// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/crash_loop.hpp"

#include <gtest/gtest.h>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"

namespace edgecore::edged {
namespace {

TEST(CrashLoop, NamesTheContainerAndThePause) {
  const auto pod = kube::parse_pod(kube::parse_json(
      R"({"metadata": {"name": "p", "namespace": "ns", "uid": "u"}, "spec": {"containers": [{"name": "a", "image": "nginx:1.25"}]}})"));
  EXPECT_EQ(container_backoff_key(*pod, pod->spec.containers[0]), "p_ns_u_a_79fe30af");
  EXPECT_EQ(crash_loop_message(std::chrono::seconds(80), *pod, pod->spec.containers[0]),
            "back-off 1m20s restarting failed container=a pod=p_ns(u)");
}

}  // namespace
}  // namespace edgecore::edged
