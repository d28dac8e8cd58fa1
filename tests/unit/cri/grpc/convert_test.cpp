// SPDX-License-Identifier: Apache-2.0
#include "cri/convert.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgecore::cri {
namespace {

using testing::ElementsAre;

/// Encodes and decodes the message, so that presence on the wire counts.
template <class Message>
Message wire(const Message& message) {
  Message again;
  EXPECT_TRUE(again.ParseFromString(message.SerializeAsString()));
  return again;
}

template <class Message, class Value>
Value there_and_back(const Value& value) {
  Message message;
  write(message, value);
  return read(wire(message));
}

TEST(ConvertTest, PartsThatGoBothWaysComeBackEqual) {
  NamespaceOption names;
  names.network = NamespaceMode::kNode;
  names.pid = NamespaceMode::kTarget;
  names.ipc = NamespaceMode::kContainer;
  names.target_id = "c1";
  names.userns_options = UserNamespace{NamespaceMode::kPod, {{1000, 0, 65536}}, {{2000, 0, 65536}}};
  EXPECT_EQ(there_and_back<v1::NamespaceOption>(names), names);

  LinuxContainerResources resources;
  resources.cpu_period = 100'000;
  resources.cpu_quota = -1;
  resources.cpu_shares = 512;
  resources.memory_limit_in_bytes = 1'000'000'000'000;
  resources.oom_score_adj = -997;
  resources.cpuset_cpus = "0-1";
  resources.cpuset_mems = "0";
  resources.hugepage_limits = {{"2MB", 4096}};
  resources.unified = {{"memory.oom.group", "1"}};
  resources.memory_swap_limit_in_bytes = 7;
  EXPECT_EQ(there_and_back<v1::LinuxContainerResources>(resources), resources);

  const PodSandboxMetadata sandbox{"web", "uid", "default", 3};
  EXPECT_EQ(there_and_back<v1::PodSandboxMetadata>(sandbox), sandbox);
  const ContainerMetadata container{"main", 4};
  EXPECT_EQ(there_and_back<v1::ContainerMetadata>(container), container);
  const ImageSpec image{"sha256:1", {{"k", "v"}}, "nginx:1.25"};
  EXPECT_EQ(there_and_back<v1::ImageSpec>(image), image);
  Mount mount{"/data", "/host", true, true, MountPropagation::kBidirectional, {{1, 2, 3}}, {{4, 5, 6}}};
  EXPECT_EQ(there_and_back<v1::Mount>(mount), mount);
}

TEST(ConvertTest, SandboxConfigIsWrittenWhole) {
  PodSandboxConfig config;
  config.metadata = {"web", "uid", "default", 1};
  config.hostname = "web";
  config.log_directory = "/logs";
  config.dns_config = DnsConfig{{"10.96.0.10"}, {"svc.cluster.local"}, {"ndots:5"}};
  config.port_mappings = {{Protocol::kUdp, 53, 5353, "127.0.0.1"}};
  config.labels = {{"a", "b"}};
  config.annotations = {{"c", "d"}};
  auto& security = config.linux.security_context;
  config.linux.cgroup_parent = "/kubepods/podx";
  config.linux.sysctls = {{"net.ipv4.tcp_syncookies", "1"}};
  config.linux.overhead = LinuxContainerResources();
  security.namespace_options = NamespaceOption();
  security.selinux_options = SelinuxOption{"u", "r", "t", "l"};
  security.run_as_user = 0;
  security.run_as_group = 5;
  security.readonly_rootfs = true;
  security.supplemental_groups = {7, 8};
  security.privileged = true;
  security.seccomp = SecurityProfile{ProfileType::kLocalhost, "p.json"};
  security.apparmor = SecurityProfile{ProfileType::kUnconfined, ""};
  v1::PodSandboxConfig message;
  write(message, config);
  const auto sent = wire(message);
  EXPECT_EQ(read(sent.metadata()), config.metadata);
  EXPECT_EQ(sent.hostname(), "web");
  EXPECT_EQ(sent.log_directory(), "/logs");
  EXPECT_THAT(sent.dns_config().servers(), ElementsAre("10.96.0.10"));
  EXPECT_THAT(sent.dns_config().searches(), ElementsAre("svc.cluster.local"));
  EXPECT_THAT(sent.dns_config().options(), ElementsAre("ndots:5"));
  EXPECT_EQ(sent.port_mappings(0).protocol(), v1::UDP);
  EXPECT_EQ(sent.port_mappings(0).container_port(), 53);
  EXPECT_EQ(sent.port_mappings(0).host_port(), 5353);
  EXPECT_EQ(sent.port_mappings(0).host_ip(), "127.0.0.1");
  EXPECT_EQ(sent.labels().at("a"), "b");
  EXPECT_EQ(sent.annotations().at("c"), "d");
  EXPECT_EQ(sent.linux().cgroup_parent(), "/kubepods/podx");
  EXPECT_EQ(sent.linux().sysctls().at("net.ipv4.tcp_syncookies"), "1");
  EXPECT_TRUE(sent.linux().has_overhead());
  EXPECT_FALSE(sent.linux().has_resources());
  const auto& context = sent.linux().security_context();
  EXPECT_TRUE(context.has_namespace_options());
  EXPECT_EQ(context.selinux_options().level(), "l");
  EXPECT_TRUE(context.has_run_as_user());  // uid 0 is not "no uid"
  EXPECT_EQ(context.run_as_group().value(), 5);
  EXPECT_TRUE(context.readonly_rootfs());
  EXPECT_THAT(context.supplemental_groups(), ElementsAre(7, 8));
  EXPECT_TRUE(context.privileged());
  EXPECT_EQ(context.seccomp().profile_type(), v1::SecurityProfile::Localhost);
  EXPECT_EQ(context.seccomp().localhost_ref(), "p.json");
  EXPECT_EQ(context.apparmor().profile_type(), v1::SecurityProfile::Unconfined);
}

TEST(ConvertTest, WhatIsUnsetIsLeftOut) {
  v1::PodSandboxConfig sandbox;
  write(sandbox, PodSandboxConfig());
  EXPECT_FALSE(sandbox.has_dns_config());
  const auto& context = sandbox.linux().security_context();
  EXPECT_FALSE(context.has_run_as_user() || context.has_run_as_group() || context.has_seccomp() ||
               context.has_namespace_options() || context.has_selinux_options() || context.has_apparmor());
  v1::ContainerConfig container;
  write(container, ContainerConfig());
  const auto& inner = container.linux().security_context();
  EXPECT_FALSE(inner.has_run_as_user() || inner.has_run_as_group() || inner.has_seccomp() ||
               inner.has_capabilities() || inner.has_namespace_options() || inner.has_selinux_options());
  v1::ContainerFilter filter;
  write(filter, ContainerFilter());
  EXPECT_EQ(filter.ByteSizeLong(), 0U);
  ContainerFilter created;
  created.state = ContainerState::kCreated;  // the enum's zero
  write(filter, created);
  EXPECT_TRUE(wire(filter).has_state());
}

TEST(ConvertTest, ContainerConfigIsWrittenWhole) {
  ContainerConfig config;
  config.metadata = {"main", 2};
  config.image = {"sha256:1", {}, "nginx"};
  config.command = {"sh", "-c"};
  config.args = {"true"};
  config.working_dir = "/w";
  config.envs = {{"A", "1"}, {"B", ""}};
  config.mounts = {{"/c", "/h", true, false, MountPropagation::kHostToContainer, {}, {}}};
  config.devices = {{"/dev/a", "/dev/b", "mrw"}};
  config.labels = {{"l", "1"}};
  config.annotations = {{"n", "2"}};
  config.log_path = "main/2.log";
  config.stdin_open = config.stdin_once = config.tty = true;
  config.linux.resources.cpu_shares = 2;
  auto& security = config.linux.security_context;
  security.capabilities = Capability{{"NET_ADMIN"}, {"ALL"}, {"CHOWN"}};
  security.run_as_username = "app";
  security.no_new_privs = true;
  security.apparmor_profile = "runtime/default";
  security.masked_paths = {"/proc/kcore"};
  security.readonly_paths = {"/proc/sys"};
  config.cdi_devices = {"vendor.com/gpu=0"};
  v1::ContainerConfig message;
  write(message, config);
  const auto sent = wire(message);
  EXPECT_EQ(read(sent.metadata()), config.metadata);
  EXPECT_EQ(read(sent.image()), config.image);
  EXPECT_THAT(sent.command(), ElementsAre("sh", "-c"));
  EXPECT_THAT(sent.args(), ElementsAre("true"));
  EXPECT_EQ(sent.working_dir(), "/w");
  EXPECT_EQ(sent.envs(1).key(), "B");
  EXPECT_EQ(read(sent.mounts(0)), config.mounts[0]);
  EXPECT_EQ(sent.devices(0).container_path(), "/dev/a");
  EXPECT_EQ(sent.devices(0).host_path(), "/dev/b");
  EXPECT_EQ(sent.devices(0).permissions(), "mrw");
  EXPECT_EQ(sent.labels().at("l"), "1");
  EXPECT_EQ(sent.annotations().at("n"), "2");
  EXPECT_EQ(sent.log_path(), "main/2.log");
  EXPECT_TRUE(sent.stdin() && sent.stdin_once() && sent.tty());
  EXPECT_EQ(sent.linux().resources().cpu_shares(), 2);
  const auto& context = sent.linux().security_context();
  EXPECT_THAT(context.capabilities().add_capabilities(), ElementsAre("NET_ADMIN"));
  EXPECT_THAT(context.capabilities().drop_capabilities(), ElementsAre("ALL"));
  EXPECT_THAT(context.capabilities().add_ambient_capabilities(), ElementsAre("CHOWN"));
  EXPECT_EQ(context.run_as_username(), "app");
  EXPECT_TRUE(context.no_new_privs());
  EXPECT_EQ(context.apparmor_profile(), "runtime/default");
  EXPECT_THAT(context.masked_paths(), ElementsAre("/proc/kcore"));
  EXPECT_THAT(context.readonly_paths(), ElementsAre("/proc/sys"));
  EXPECT_EQ(sent.cdi_devices(0).name(), "vendor.com/gpu=0");
}

TEST(ConvertTest, FieldNumbersThatAreEasyToGetWrong) {
  // protocol/05-edged.md §4: user_specified_image is 18, CDI_devices 17, tty and stdin of Attach are 3 and 2.
  v1::ImageSpec image;
  image.set_user_specified_image("x");
  EXPECT_EQ(image.SerializeAsString(), std::string("\x92\x01\x01x"));
  v1::ContainerConfig container;
  container.add_cdi_devices();
  EXPECT_EQ(container.SerializeAsString(), std::string("\x8a\x01\x00", 3));
  v1::AttachRequest attach;
  attach.set_tty(true);
  EXPECT_EQ(attach.SerializeAsString(), std::string("\x18\x01"));
}

TEST(ConvertTest, ValuesNewerThanWeKnowAreHarmless) {
  v1::ContainerStatus status;
  status.set_state(static_cast<v1::ContainerState>(9));
  EXPECT_EQ(read(wire(status)).state, ContainerState::kUnknown);
  v1::PodSandboxStatus sandbox;
  sandbox.set_state(static_cast<v1::PodSandboxState>(9));
  EXPECT_EQ(read(wire(sandbox)).state, PodSandboxState::kNotReady);
  v1::ContainerEventResponse event;
  event.set_container_event_type(static_cast<v1::ContainerEventType>(9));
  EXPECT_EQ(read(wire(event)).type, ContainerEventType::kStarted);
}

TEST(ConvertTest, StatusAnswersAreReadWhole) {
  v1::ContainerStatus in;
  in.set_id("c");
  in.set_state(v1::CONTAINER_EXITED);
  in.set_created_at(1);
  in.set_started_at(2);
  in.set_finished_at(3);
  in.set_exit_code(-1);
  in.set_image_ref("sha256:1");
  in.set_reason("OOMKilled");
  in.set_message("m");
  in.set_log_path("/l");
  in.mutable_resources()->mutable_linux()->set_cpu_quota(5);
  const auto out = read(wire(in));
  EXPECT_EQ(out.id, "c");
  EXPECT_EQ(out.state, ContainerState::kExited);
  EXPECT_EQ(out.created_at + out.started_at * 10 + out.finished_at * 100, 321);
  EXPECT_EQ(out.exit_code, -1);
  EXPECT_EQ(out.image_ref + out.reason + out.message + out.log_path, "sha256:1OOMKilledm/l");
  EXPECT_EQ(out.resources->cpu_quota, 5);

  v1::PodSandboxStatus sandbox;
  sandbox.set_state(v1::SANDBOX_READY);
  sandbox.mutable_network()->set_ip("10.0.0.1");
  sandbox.mutable_network()->add_additional_ips()->set_ip("fd00::1");
  sandbox.mutable_linux()->mutable_namespaces()->mutable_options()->set_network(v1::NODE);
  const auto read_sandbox = read(wire(sandbox));
  EXPECT_EQ(read_sandbox.ip, "10.0.0.1");
  EXPECT_THAT(read_sandbox.additional_ips, ElementsAre("fd00::1"));
  EXPECT_EQ(read_sandbox.namespace_options->network, NamespaceMode::kNode);
}

TEST(ConvertTest, FiguresThatAreNotReportedStayAbsent) {
  v1::ContainerStats in;
  in.mutable_cpu()->mutable_usage_core_nano_seconds()->set_value(0);
  in.mutable_writable_layer()->mutable_used_bytes()->set_value(9);
  const auto out = read(wire(in));
  EXPECT_EQ(out.cpu->usage_core_nano_seconds, 0U);
  EXPECT_FALSE(out.cpu->usage_nano_cores.has_value());
  EXPECT_FALSE(out.memory.has_value());
  EXPECT_EQ(out.writable_layer->used_bytes, 9U);
  v1::PodSandboxStats sandbox;
  sandbox.mutable_linux()->mutable_network()->mutable_default_interface()->mutable_rx_bytes()->set_value(4);
  sandbox.mutable_linux()->add_containers()->mutable_attributes()->set_id("c");
  const auto stats = read(wire(sandbox));
  EXPECT_EQ(stats.network->default_interface->rx_bytes, 4U);
  EXPECT_EQ(stats.containers.at(0).id, "c");
  EXPECT_FALSE(stats.process.has_value());
}

TEST(ConvertTest, TheNumberOfTheMainProcessIsReadFromTheVerboseStatus) {
  const auto pid = [](const std::string& key, const std::string& text) {
    google::protobuf::Map<std::string, std::string> info;
    info[key] = text;
    return read_pid(info);
  };
  // containerd 1.6, shortened: the specification has a "pid" of its own further down.
  EXPECT_EQ(pid("info", R"({"sandboxID":"a1","pid":4711,"runtimeSpec":{"linux":{"resources":{"pid":3}}}})"),
            4711);
  EXPECT_EQ(pid("info", R"({"runtimeSpec":{"pid":3}})"), std::nullopt);
  EXPECT_EQ(pid("info", R"({"pid":0})"), std::nullopt) << "it does not run";
  EXPECT_EQ(pid("info", R"({"pid":"4711"})"), std::nullopt);
  EXPECT_EQ(pid("info", R"({"pid":4711)"), std::nullopt);
  EXPECT_EQ(pid("info", "[]"), std::nullopt);
  EXPECT_EQ(pid("config", R"({"pid":4711})"), std::nullopt);
}

}  // namespace
}  // namespace edgecore::cri
