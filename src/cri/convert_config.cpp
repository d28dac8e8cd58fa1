// SPDX-License-Identifier: Apache-2.0
#include "cri/convert.hpp"

namespace edgecore::cri {
namespace {

void write_sandbox_security(v1::LinuxSandboxSecurityContext& out, const LinuxSandboxSecurityContext& in) {
  if (in.namespace_options) write(*out.mutable_namespace_options(), *in.namespace_options);
  if (in.selinux_options) write(*out.mutable_selinux_options(), *in.selinux_options);
  if (in.run_as_user) out.mutable_run_as_user()->set_value(*in.run_as_user);
  if (in.run_as_group) out.mutable_run_as_group()->set_value(*in.run_as_group);
  out.set_readonly_rootfs(in.readonly_rootfs);
  for (const auto group : in.supplemental_groups) out.add_supplemental_groups(group);
  out.set_privileged(in.privileged);
  if (in.seccomp) write(*out.mutable_seccomp(), *in.seccomp);
  if (in.apparmor) write(*out.mutable_apparmor(), *in.apparmor);
}

void write_sandbox_linux(v1::LinuxPodSandboxConfig& out, const LinuxPodSandboxConfig& in) {
  out.set_cgroup_parent(in.cgroup_parent);
  write_sandbox_security(*out.mutable_security_context(), in.security_context);
  write_map(*out.mutable_sysctls(), in.sysctls);
  if (in.overhead) write(*out.mutable_overhead(), *in.overhead);
  if (in.resources) write(*out.mutable_resources(), *in.resources);
}

void write_container_security(v1::LinuxContainerSecurityContext& out,
                              const LinuxContainerSecurityContext& in) {
  if (in.capabilities) {
    auto& capabilities = *out.mutable_capabilities();
    write_strings(*capabilities.mutable_add_capabilities(), in.capabilities->add_capabilities);
    write_strings(*capabilities.mutable_drop_capabilities(), in.capabilities->drop_capabilities);
    write_strings(*capabilities.mutable_add_ambient_capabilities(),
                  in.capabilities->add_ambient_capabilities);
  }
  out.set_privileged(in.privileged);
  if (in.namespace_options) write(*out.mutable_namespace_options(), *in.namespace_options);
  if (in.selinux_options) write(*out.mutable_selinux_options(), *in.selinux_options);
  if (in.run_as_user) out.mutable_run_as_user()->set_value(*in.run_as_user);
  if (in.run_as_group) out.mutable_run_as_group()->set_value(*in.run_as_group);
  out.set_run_as_username(in.run_as_username);
  out.set_readonly_rootfs(in.readonly_rootfs);
  for (const auto group : in.supplemental_groups) out.add_supplemental_groups(group);
  out.set_apparmor_profile(in.apparmor_profile);
  out.set_no_new_privs(in.no_new_privs);
  write_strings(*out.mutable_masked_paths(), in.masked_paths);
  write_strings(*out.mutable_readonly_paths(), in.readonly_paths);
  if (in.seccomp) write(*out.mutable_seccomp(), *in.seccomp);
  if (in.apparmor) write(*out.mutable_apparmor(), *in.apparmor);
}

}  // namespace

void write(v1::SecurityProfile& out, const SecurityProfile& in) {
  out.set_profile_type(static_cast<v1::SecurityProfile::ProfileType>(in.profile_type));
  out.set_localhost_ref(in.localhost_ref);
}

void write(v1::SELinuxOption& out, const SelinuxOption& in) {
  out.set_user(in.user);
  out.set_role(in.role);
  out.set_type(in.type);
  out.set_level(in.level);
}

void write(v1::PodSandboxConfig& out, const PodSandboxConfig& in) {
  write(*out.mutable_metadata(), in.metadata);
  out.set_hostname(in.hostname);
  out.set_log_directory(in.log_directory);
  if (in.dns_config) {
    auto& dns = *out.mutable_dns_config();
    write_strings(*dns.mutable_servers(), in.dns_config->servers);
    write_strings(*dns.mutable_searches(), in.dns_config->searches);
    write_strings(*dns.mutable_options(), in.dns_config->options);
  }
  for (const auto& port : in.port_mappings) {
    auto& one = *out.add_port_mappings();
    one.set_protocol(static_cast<v1::Protocol>(port.protocol));
    one.set_container_port(port.container_port);
    one.set_host_port(port.host_port);
    one.set_host_ip(port.host_ip);
  }
  write_map(*out.mutable_labels(), in.labels);
  write_map(*out.mutable_annotations(), in.annotations);
  write_sandbox_linux(*out.mutable_linux(), in.linux);
}

void write(v1::ContainerConfig& out, const ContainerConfig& in) {
  write(*out.mutable_metadata(), in.metadata);
  write(*out.mutable_image(), in.image);
  write_strings(*out.mutable_command(), in.command);
  write_strings(*out.mutable_args(), in.args);
  out.set_working_dir(in.working_dir);
  for (const auto& env : in.envs) {
    auto& one = *out.add_envs();
    one.set_key(env.key);
    one.set_value(env.value);
  }
  write_each(*out.mutable_mounts(), in.mounts);
  for (const auto& device : in.devices) {
    auto& one = *out.add_devices();
    one.set_container_path(device.container_path);
    one.set_host_path(device.host_path);
    one.set_permissions(device.permissions);
  }
  write_map(*out.mutable_labels(), in.labels);
  write_map(*out.mutable_annotations(), in.annotations);
  out.set_log_path(in.log_path);
  out.set_stdin(in.stdin_open);
  out.set_stdin_once(in.stdin_once);
  out.set_tty(in.tty);
  write(*out.mutable_linux()->mutable_resources(), in.linux.resources);
  write_container_security(*out.mutable_linux()->mutable_security_context(), in.linux.security_context);
  for (const auto& name : in.cdi_devices) out.add_cdi_devices()->set_name(name);
}

void write(v1::PodSandboxFilter& out, const PodSandboxFilter& in) {
  out.set_id(in.id);
  if (in.state) out.mutable_state()->set_state(static_cast<v1::PodSandboxState>(*in.state));
  write_map(*out.mutable_label_selector(), in.label_selector);
}

void write(v1::ContainerFilter& out, const ContainerFilter& in) {
  out.set_id(in.id);
  if (in.state) out.mutable_state()->set_state(static_cast<v1::ContainerState>(*in.state));
  out.set_pod_sandbox_id(in.pod_sandbox_id);
  write_map(*out.mutable_label_selector(), in.label_selector);
}

void write(v1::ContainerStatsFilter& out, const ContainerStatsFilter& in) {
  out.set_id(in.id);
  out.set_pod_sandbox_id(in.pod_sandbox_id);
  write_map(*out.mutable_label_selector(), in.label_selector);
}

void write(v1::PodSandboxStatsFilter& out, const PodSandboxStatsFilter& in) {
  out.set_id(in.id);
  write_map(*out.mutable_label_selector(), in.label_selector);
}

void write(v1::AuthConfig& out, const AuthConfig& in) {
  out.set_username(in.username);
  out.set_password(in.password);
  out.set_auth(in.auth);
  out.set_server_address(in.server_address);
  out.set_identity_token(in.identity_token);
  out.set_registry_token(in.registry_token);
}

}  // namespace edgecore::cri
