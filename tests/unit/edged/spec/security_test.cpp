// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/security.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/kube/json.hpp"

namespace edgecore::edged {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

kube::PodPtr pod_in_context(const std::string& pod_context, const std::string& own,
                            const std::string& spec = "") {
  return kube::parse_pod(kube::parse_json(
      R"({"metadata": {"name": "p", "namespace": "ns", "uid": "u",
           "annotations": {"container.apparmor.security.beta.kubernetes.io/c": "localhost/x"}},
          "spec": {)" +
      spec + R"("securityContext": )" + pod_context +
      R"(, "containers": [{"name": "c", "securityContext": )" + own + "}]}}"));
}

TEST(Security, TheContainerOverridesThePodFieldByField) {
  const auto pod =
      pod_in_context(R"({"runAsUser": 1, "runAsGroup": 2, "fsGroup": 3, "supplementalGroups": [4, 5],
      "seLinuxOptions": {"level": "pod"}, "seccompProfile": {"type": "RuntimeDefault"}})",
                     R"({"runAsUser": 10, "privileged": true, "allowPrivilegeEscalation": false,
      "readOnlyRootFilesystem": true, "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
      "seccompProfile": {"type": "Localhost", "localhostProfile": "a.json"}})");
  SecurityPolicy policy;
  policy.volume_groups = {9};
  const auto got = container_security(*pod, pod->spec.containers[0], {7, ""}, policy);
  EXPECT_EQ(got.run_as_user, 10);
  EXPECT_EQ(got.run_as_group, 2);
  EXPECT_EQ(got.selinux_options->level, "pod");
  EXPECT_EQ(got.seccomp,
            (cri::SecurityProfile{cri::ProfileType::kLocalhost, "/var/lib/edged/seccomp/a.json"}));
  EXPECT_THAT(got.supplemental_groups, ElementsAre(3, 4, 5, 9));
  EXPECT_TRUE(got.privileged && got.readonly_rootfs && got.no_new_privs);
  EXPECT_THAT(got.capabilities->add_capabilities, ElementsAre("NET_ADMIN"));
  EXPECT_EQ(got.apparmor_profile, "localhost/x");
  EXPECT_EQ(got.masked_paths.size(), 10u);
  const auto sandbox = sandbox_security(*pod, policy);
  EXPECT_TRUE(sandbox.privileged);
  EXPECT_EQ(sandbox.run_as_user, 1);
  EXPECT_THAT(sandbox.supplemental_groups, ElementsAre(3, 9, 4, 5));
}

TEST(Security, Defaults) {
  const auto pod = pod_in_context("{}", R"({"procMount": "Unmasked"})");
  const auto& container = pod->spec.containers[0];
  const auto named = container_security(*pod, container, {std::nullopt, "www"}, {});
  EXPECT_EQ(named.run_as_user, std::nullopt);
  EXPECT_EQ(named.run_as_username, "www");
  EXPECT_EQ(named.seccomp->profile_type, cri::ProfileType::kUnconfined);
  EXPECT_THAT(named.masked_paths, IsEmpty());
  EXPECT_FALSE(named.capabilities.has_value());
  EXPECT_FALSE(named.no_new_privs);
  SecurityPolicy policy;
  policy.seccomp_default = true;
  EXPECT_EQ(container_security(*pod, container, {33, ""}, policy).seccomp->profile_type,
            cri::ProfileType::kRuntimeDefault);
  EXPECT_EQ(container_security(*pod, container, {33, ""}, policy).run_as_user, 33);
  EXPECT_EQ(image_user({}).uid, 0);
}

TEST(Security, Namespaces) {
  using cri::NamespaceMode;
  const auto pid = [](const char* spec) { return namespace_options(*pod_in_context("{}", "{}", spec)).pid; };
  EXPECT_EQ(pid(""), NamespaceMode::kContainer);
  EXPECT_EQ(pid(R"("shareProcessNamespace": true, )"), NamespaceMode::kPod);
  EXPECT_EQ(pid(R"("hostPID": true, )"), NamespaceMode::kNode);
  const auto host =
      namespace_options(*pod_in_context("{}", "{}", R"("hostNetwork": true, "hostIPC": true, )"));
  EXPECT_EQ(host.network, NamespaceMode::kNode);
  EXPECT_EQ(host.ipc, NamespaceMode::kNode);
}

TEST(Security, NonRoot) {
  const auto check = [](const char* pod_context, const char* own, ImageUser image) {
    const auto pod = pod_in_context(pod_context, own);
    return non_root_violation(*pod, pod->spec.containers[0], image).value_or("fine");
  };
  const char* must = R"({"runAsNonRoot": true})";
  EXPECT_EQ(check("{}", "{}", {0, ""}), "fine");
  EXPECT_EQ(check(must, "{}", {5, ""}), "fine");
  EXPECT_EQ(check(must, R"({"runAsUser": 5})", {0, ""}), "fine");
  EXPECT_EQ(check(must, R"({"runAsNonRoot": false})", {0, ""}), "fine");
  EXPECT_EQ(check(must, "{}", {0, ""}),
            "container has runAsNonRoot and image will run as root (pod: \"p_ns(u)\", container: c)");
  EXPECT_EQ(check(must, "{}", {std::nullopt, "www"}),
            "container has runAsNonRoot and image has non-numeric user (www), cannot verify user is non-root "
            "(pod: \"p_ns(u)\", container: c)");
  EXPECT_EQ(check(must, R"({"runAsUser": 0})", {5, ""}),
            "container's runAsUser breaks non-root policy (pod: \"p_ns(u)\", container: c)");
}

}  // namespace
}  // namespace edgecore::edged
