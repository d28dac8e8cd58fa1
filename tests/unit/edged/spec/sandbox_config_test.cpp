// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/sandbox_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "edgecore/kube/json.hpp"
#include "edged/spec/container_config.hpp"
#include "edged/spec/environment.hpp"
#include "edged/spec/hosts_file.hpp"
#include "support/paths.hpp"
#include "unit/edged/spec_pod.hpp"

namespace edgecore::edged {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

cri::PodSandboxConfig sandbox_of(const kube::Pod& pod) {
  return make_sandbox_config({pod, 3, "/kubepods/podu", {}, {}, {}});
}

/// The example of protocol/05-edged.md §1.5.0, field by field.
class WorkedExample : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto file = edgecore::test::recordings_dir() / "pod-life.jsonl";
    std::ifstream lines(file);
    std::string line;
    std::getline(lines, line);
    Json object = kube::parse_json(line)["msg"]["content"];
    object["metadata"]["annotations"] = {{"kubernetes.io/config.seen", "2026-11-22T15:14:43Z"},
                                         {"kubernetes.io/config.source", "api"}};
    pod_ = kube::parse_pod(std::move(object));
    resources_.memory_capacity = std::int64_t{24684092} * 1024;
    resources_.cgroup_v2 = true;
    dns_.host.servers = {"192.0.2.53"};
    dns_.cluster_domain = "cluster.local";
  }
  kube::PodPtr pod_;
  ResourcePolicy resources_;
  SecurityPolicy security_;
  DnsPolicy dns_;
};

TEST_F(WorkedExample, Sandbox) {
  const auto got =
      make_sandbox_config({*pod_, 0, "/kubepods/burstable/pod" + pod_->uid, dns_, resources_, security_});
  EXPECT_EQ(got.metadata, (cri::PodSandboxMetadata{"p1", pod_->uid, "default", 0}));
  EXPECT_EQ(got.hostname, "p1");
  EXPECT_EQ(got.log_directory, "/var/log/pods/default_p1_" + pod_->uid);
  EXPECT_EQ(got.dns_config, (cri::DnsConfig{{"192.0.2.53"}, {}, {}}));
  EXPECT_THAT(got.port_mappings, IsEmpty());
  EXPECT_EQ(got.labels, (cri::StringMap{{"app", "p1"},
                                        {"io.kubernetes.pod.name", "p1"},
                                        {"io.kubernetes.pod.namespace", "default"},
                                        {"io.kubernetes.pod.uid", pod_->uid}}));
  EXPECT_EQ(got.annotations, pod_->annotations);
  const auto& security = got.linux.security_context;
  EXPECT_EQ(security.namespace_options->network, cri::NamespaceMode::kPod);
  EXPECT_EQ(security.namespace_options->pid, cri::NamespaceMode::kContainer);
  EXPECT_EQ(security.namespace_options->ipc, cri::NamespaceMode::kPod);
  EXPECT_EQ(security.seccomp, (cri::SecurityProfile{cri::ProfileType::kRuntimeDefault, ""}));
  EXPECT_FALSE(security.privileged);
  cri::LinuxContainerResources wanted;
  wanted.cpu_period = 100000;
  wanted.cpu_shares = 51;
  wanted.memory_limit_in_bytes = 33554432;
  wanted.unified = {{"memory.oom.group", "1"}};
  EXPECT_EQ(got.linux.resources, wanted);
  EXPECT_EQ(got.linux.overhead, cri::LinuxContainerResources{});
}

TEST_F(WorkedExample, Container) {
  const auto& container = pod_->spec.containers[0];
  const auto environment = make_environment({*pod_, container, {}, {}, "169.254.30.10", "10550"});
  const std::string dir = "/var/lib/edged/pods/" + pod_->uid;
  const std::string volumes = dir + "/volumes/kubernetes.io~";
  const auto got = make_container_config(
      {*pod_,
       container,
       0,
       "sha256:3772",
       ImageUser{0, ""},
       environment,
       {{volumes + "configmap/cfg"}, {volumes + "secret/sec"}, {volumes + "projected/tok"}},
       dir + "/etc-hosts",
       dir + "/containers/c/0123abcd",
       resources_,
       security_});
  EXPECT_EQ(got.metadata, (cri::ContainerMetadata{"c", 0}));
  EXPECT_EQ(got.image.image, "sha256:3772");
  EXPECT_EQ(got.image.user_specified_image, "localhost/busybox:1.35");
  EXPECT_EQ(got.command.size(), 3u);
  EXPECT_THAT(got.args, IsEmpty());
  EXPECT_THAT(got.envs, ElementsAre(cri::KeyValue{"KUBERNETES_SERVICE_HOST", "169.254.30.10"},
                                    cri::KeyValue{"KUBERNETES_SERVICE_PORT", "10550"}));
  EXPECT_EQ(got.labels, (cri::StringMap{{"io.kubernetes.container.name", "c"},
                                        {"io.kubernetes.pod.name", "p1"},
                                        {"io.kubernetes.pod.namespace", "default"},
                                        {"io.kubernetes.pod.uid", pod_->uid}}));
  EXPECT_EQ(got.annotations,
            (cri::StringMap{{"io.kubernetes.container.hash", "44b2a8af"},
                            {"io.kubernetes.container.restartCount", "0"},
                            {"io.kubernetes.container.terminationMessagePath", "/dev/termination-log"},
                            {"io.kubernetes.container.terminationMessagePolicy", "File"},
                            {"io.kubernetes.pod.terminationGracePeriod", "3"}}));
  EXPECT_EQ(got.log_path, "c/0.log");
  std::vector<std::string> mounts;
  for (const auto& one : got.mounts) {
    mounts.push_back(one.container_path + " " + one.host_path + (one.readonly ? " ro" : ""));
  }
  EXPECT_THAT(mounts,
              ElementsAre("/cfg " + volumes + "configmap/cfg", "/sec " + volumes + "secret/sec",
                          "/var/run/secrets/kubernetes.io/serviceaccount " + volumes + "projected/tok ro",
                          "/etc/hosts " + dir + "/etc-hosts",
                          "/dev/termination-log " + dir + "/containers/c/0123abcd"));
  EXPECT_EQ(got.linux.resources.oom_score_adj, 999);
  EXPECT_EQ(got.linux.resources.cpu_shares, 51);
  EXPECT_EQ(got.linux.resources.memory_limit_in_bytes, 33554432);
  const auto back = read_annotations(got.annotations);
  EXPECT_EQ(back.hash, "44b2a8af");
  EXPECT_EQ(back.termination_grace_period, 3);
  EXPECT_EQ(back.deletion_grace_period, std::nullopt);
}

TEST(SandboxConfig, Hostnames) {
  const std::string longest(62, 'a');
  EXPECT_EQ(sandbox_of(*pod_of("{}", longest + ".b")).hostname, longest);
  EXPECT_EQ(sandbox_of(*pod_of(R"({"hostname": "h", "hostNetwork": true})")).hostname, "");
  const auto fqdn = pod_of(R"({"hostname": "h", "subdomain": "s", "setHostnameAsFQDN": true})");
  EXPECT_EQ(pod_hostname(*fqdn, "cluster.local"), "h.s.ns.svc.cluster.local");
  EXPECT_THROW(pod_hostname(*fqdn, std::string(60, 'd')), Error);
}

TEST(SandboxConfig, PortsOfAppContainersWithoutDuplicates) {
  const auto pod = pod_of(R"({"initContainers": [{"name": "i", "ports": [{"containerPort": 1}]}],
    "containers": [{"name": "a", "ports": [{"containerPort": 80, "hostPort": 8080, "hostIP": "127.0.0.1"},
      {"containerPort": 80, "hostPort": 8080, "hostIP": "127.0.0.1"}, {"name": "w", "containerPort": 81, "protocol": "UDP"},
      {"name": "w", "containerPort": 82}]}, {"name": "b", "ports": [{"name": "w", "containerPort": 83, "protocol": "SCTP"}]}]})");
  using cri::PortMapping;
  EXPECT_THAT(
      sandbox_of(*pod).port_mappings,
      ElementsAre(PortMapping{cri::Protocol::kTcp, 80, 8080, "127.0.0.1"},
                  PortMapping{cri::Protocol::kUdp, 81, 0, ""}, PortMapping{cri::Protocol::kSctp, 83, 0, ""}));
}

TEST(HostsFile, OfAPodNetworkWithAliases) {
  const auto pod = pod_of(R"({"hostname": "h", "subdomain": "s",
      "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["x", "y"]}]})");
  EXPECT_EQ(
      hosts_file(*pod, {"10.0.0.5"}, "cluster.local", "ignored"),
      "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
      "fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n"
      "10.0.0.5\th.s.ns.svc.cluster.local\th\n\n# Entries added by HostAliases.\n1.2.3.4\tx\ty\n");
  EXPECT_EQ(hosts_file(*pod_of(R"({"hostNetwork": true})"), {}, "d", "127.0.0.1 me\n"),
            "# Kubernetes-managed hosts file (host network).\n127.0.0.1 me\n");
}

TEST(PodDns, FollowsThePolicy) {
  DnsPolicy policy;
  policy.host = parse_resolv_conf(
      "# comment\nnameserver 1.1.1.1 x\nsearch old\nnameserver 2.2.2.2\nsearch a.b. . c\noptions ndots:2 "
      "rotate\noptions ndots:3\n");
  EXPECT_EQ(policy.host, (cri::DnsConfig{{"1.1.1.1", "2.2.2.2"}, {"a.b", "c"}, {"ndots:3", "rotate"}}));
  const auto dns = [&](const char* spec) { return pod_dns(*pod_of(spec), policy); };
  EXPECT_EQ(dns("{}"), policy.host);  // no clusterDNS
  policy.cluster_dns = {"169.254.96.16"};
  policy.cluster_domain = "cluster.local";
  const cri::DnsConfig cluster{{"169.254.96.16"},
                               {"ns.svc.cluster.local", "svc.cluster.local", "cluster.local", "a.b", "c"},
                               {"ndots:5"}};
  EXPECT_EQ(dns("{}"), cluster);
  EXPECT_EQ(dns(R"({"dnsPolicy": "Default"})"), policy.host);
  EXPECT_EQ(dns(R"({"hostNetwork": true})"), policy.host);
  EXPECT_EQ(dns(R"({"hostNetwork": true, "dnsPolicy": "ClusterFirstWithHostNet"})"), cluster);
  EXPECT_EQ(
      dns(R"({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["1.1.1.1", "1.1.1.2", "1.1.1.1", "1.1.1.3", "1.1.1.4"],
      "searches": ["s", "s"], "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}, {"name": "ndots", "value": "1"}]}})"),
      (cri::DnsConfig{{"1.1.1.1", "1.1.1.2", "1.1.1.3"}, {"s"}, {"ndots:1", "edns0"}}));
  policy = {};
  policy.has_resolv_conf = false;
  EXPECT_EQ(dns("{}"), (cri::DnsConfig{{"127.0.0.1"}, {"."}, {}}));
  policy.node_is_ipv6 = true;
  EXPECT_EQ(dns("{}"), (cri::DnsConfig{{"::1"}, {"."}, {}}));
}

TEST(PodDns, CutsWhatResolversDoNotTake) {
  DnsPolicy policy;
  for (int i = 0; i < 40; ++i) policy.host.searches.push_back(std::to_string(i) + std::string(98, 'x'));
  policy.host.searches.insert(policy.host.searches.begin(), std::string(300, 'y'));
  const auto got = pod_dns(*pod_of("{}"), policy);
  EXPECT_EQ(got.searches.size(), 20u);  // 2,048 characters
  EXPECT_EQ(got.searches[0].front(), '0');
}

}  // namespace
}  // namespace edgecore::edged
