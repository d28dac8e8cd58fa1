// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include <limits>

#include "kube/pod/pod_field.hpp"

namespace edgecore::kube {
namespace {

constexpr auto kMaxInt = std::numeric_limits<std::int32_t>::max();

ContainerPort read_port(const Field& field) {
  ContainerPort port;
  port.name = field["name"].text();
  port.protocol = field["protocol"].text(port.protocol);
  if (port.protocol != "TCP" && port.protocol != "UDP" && port.protocol != "SCTP") {
    field["protocol"].fail("must be TCP, UDP or SCTP");
  }
  port.host_ip = field["hostIP"].text();
  const auto number = field["containerPort"].small(1, 65535);
  if (!number) field["containerPort"].fail("is missing");
  port.container_port = *number;
  port.host_port = field["hostPort"].small(0, 65535).value_or(0);
  return port;
}

std::optional<KeyRef> read_key_ref(const Field& field) {
  if (!field.has()) return std::nullopt;
  return KeyRef{field["name"].dns_subdomain(), field["key"].required_text(), field["optional"].flag()};
}

EnvVar read_env(const Field& field) {
  EnvVar env;
  env.name = field["name"].required_text();
  if (env.name.find('=') != env.name.npos) field["name"].fail("must not hold '='");
  env.value = field["value"].text();
  const Field from = field["valueFrom"];
  env.field_ref = read_field_ref(from["fieldRef"]);
  env.resource_field_ref = read_resource_field_ref(from["resourceFieldRef"]);
  env.config_map_key_ref = read_key_ref(from["configMapKeyRef"]);
  env.secret_key_ref = read_key_ref(from["secretKeyRef"]);
  const int sources = int{env.field_ref.has_value()} + int{env.resource_field_ref.has_value()} +
                      int{env.config_map_key_ref.has_value()} + int{env.secret_key_ref.has_value()};
  if (from.has() && sources != 1) from.fail("must name one source of a kind this node knows");
  return env;
}

EnvFrom read_env_from(const Field& field) {
  EnvFrom from;
  from.prefix = field["prefix"].text();
  const Field config_map = field["configMapRef"];
  const Field secret = field["secretRef"];
  if (config_map.has() == secret.has()) field.fail("must name one of configMapRef and secretRef");
  const Field& source = config_map.has() ? config_map : secret;
  from.kind = config_map.has() ? EnvFrom::Kind::kConfigMap : EnvFrom::Kind::kSecret;
  from.name = source["name"].dns_subdomain();
  from.optional = source["optional"].flag();
  return from;
}

VolumeMount read_mount(const Field& field) {
  VolumeMount mount;
  mount.name = field["name"].dns_label();
  mount.mount_path = field["mountPath"].required_text();
  if (mount.mount_path.size() > PodLimits::kPath) field["mountPath"].fail("is too long for a path");
  if (climbs(mount.mount_path)) field["mountPath"].fail("must not hold '..'");
  // An empty subPath means absent.
  if (!field["subPath"].text().empty()) mount.sub_path = field["subPath"].relative_path();
  if (!field["subPathExpr"].text().empty()) mount.sub_path_expr = field["subPathExpr"].relative_path();
  if (!mount.sub_path.empty() && !mount.sub_path_expr.empty()) {
    field.fail("must not have both subPath and subPathExpr");
  }
  mount.mount_propagation = field["mountPropagation"].text();
  const auto& how = mount.mount_propagation;
  if (!how.empty() && how != "None" && how != "HostToContainer" && how != "Bidirectional") {
    field["mountPropagation"].fail("must be None, HostToContainer or Bidirectional");
  }
  mount.read_only = field["readOnly"].flag();
  return mount;
}

HttpGetAction read_http_get(const Field& field) {
  HttpGetAction action;
  if (auto path = field["path"].text(); !path.empty()) action.path = std::move(path);
  action.host = field["host"].text();
  if (auto scheme = field["scheme"].text(); !scheme.empty()) action.scheme = std::move(scheme);
  if (action.scheme != "HTTP" && action.scheme != "HTTPS") field["scheme"].fail("must be HTTP or HTTPS");
  action.port = field["port"].port();
  field["httpHeaders"].each([&](const Field& header) {
    const std::string name = header["name"].required_text();
    const std::string value = header["value"].text();
    if ((name + value).find_first_of("\r\n") != std::string::npos) header.fail("holds a line break");
    action.headers.emplace_back(name, value);
  });
  return action;
}

Handler read_handler(const Field& field) {
  Handler handler;
  int kinds = 0;
  if (const Field exec = field["exec"]; exec.has()) {
    handler = ExecAction{exec["command"].texts()};
    ++kinds;
  }
  if (const Field http = field["httpGet"]; http.has()) {
    handler = read_http_get(http);
    ++kinds;
  }
  if (const Field tcp = field["tcpSocket"]; tcp.has()) {
    handler = TcpSocketAction{tcp["host"].text(), tcp["port"].port()};
    ++kinds;
  }
  if (const Field grpc = field["grpc"]; grpc.has()) {
    const auto port = grpc["port"].small(1, 65535);
    if (!port) grpc["port"].fail("is missing");
    handler = GrpcAction{*port, grpc["service"].text()};
    ++kinds;
  }
  if (kinds > 1) field.fail("must have one handler only");
  return handler;
}

/// Go omits zero, so zero means the default.
std::int32_t positive_or(const Field& field, std::int32_t fallback) {
  const auto number = field.small(0, kMaxInt).value_or(0);
  return number == 0 ? fallback : number;
}

std::optional<Probe> read_probe(const Field& field) {
  if (!field.has()) return std::nullopt;
  Probe probe;
  probe.handler = read_handler(field);
  probe.initial_delay_seconds = field["initialDelaySeconds"].small(0, kMaxInt).value_or(0);
  probe.timeout_seconds = positive_or(field["timeoutSeconds"], probe.timeout_seconds);
  probe.period_seconds = positive_or(field["periodSeconds"], probe.period_seconds);
  probe.success_threshold = positive_or(field["successThreshold"], probe.success_threshold);
  probe.failure_threshold = positive_or(field["failureThreshold"], probe.failure_threshold);
  probe.termination_grace_period_seconds = field["terminationGracePeriodSeconds"].integer(1, kMaxInt);
  return probe;
}

std::optional<SecurityContext> read_container_security_context(const Field& field) {
  if (!field.has()) return std::nullopt;
  SecurityContext context;
  if (const Field capabilities = field["capabilities"]; capabilities.has()) {
    context.capabilities = Capabilities{capabilities["add"].texts(), capabilities["drop"].texts()};
  }
  context.privileged = field["privileged"].boolean();
  context.run_as_non_root = field["runAsNonRoot"].boolean();
  context.read_only_root_filesystem = field["readOnlyRootFilesystem"].boolean();
  context.allow_privilege_escalation = field["allowPrivilegeEscalation"].boolean();
  context.run_as_user = field["runAsUser"].integer(0, kMaxId);
  context.run_as_group = field["runAsGroup"].integer(0, kMaxId);
  context.se_linux = read_se_linux(field["seLinuxOptions"]);
  context.seccomp = read_seccomp(field["seccompProfile"]);
  context.proc_mount = field["procMount"].text();
  return context;
}

}  // namespace

std::optional<FieldRef> read_field_ref(const Field& field) {
  if (!field.has()) return std::nullopt;
  return FieldRef{field["apiVersion"].text(), field["fieldPath"].required_text()};
}

std::optional<ResourceFieldRef> read_resource_field_ref(const Field& field) {
  if (!field.has()) return std::nullopt;
  const Field divisor = field["divisor"];
  return ResourceFieldRef{field["containerName"].text(), field["resource"].required_text(),
                          divisor.has() ? divisor.quantity() : "0"};
}

std::optional<SeLinuxOptions> read_se_linux(const Field& field) {
  if (!field.has()) return std::nullopt;
  return SeLinuxOptions{field["user"].text(), field["role"].text(), field["type"].text(),
                        field["level"].text()};
}

std::optional<SeccompProfile> read_seccomp(const Field& field) {
  if (!field.has()) return std::nullopt;
  SeccompProfile profile{field["type"].required_text(), {}};
  if (profile.type == "Localhost") {
    profile.localhost_profile = field["localhostProfile"].relative_path();
  } else if (profile.type != "RuntimeDefault" && profile.type != "Unconfined") {
    field["type"].fail("must be RuntimeDefault, Unconfined or Localhost");
  }
  return profile;
}

namespace {

void read_program(const Field& field, Container& container) {
  container.image = field["image"].text();
  container.restart_policy = field["restartPolicy"].text();
  container.working_dir = field["workingDir"].text();
  container.image_pull_policy = field["imagePullPolicy"].text(container.image_pull_policy);
  container.termination_message_path =
      field["terminationMessagePath"].text(container.termination_message_path);
  container.termination_message_policy =
      field["terminationMessagePolicy"].text(container.termination_message_policy);
  container.command = field["command"].texts();
  container.args = field["args"].texts();
  container.stdin_open = field["stdin"].flag();
  container.stdin_once = field["stdinOnce"].flag();
  container.tty = field["tty"].flag();
}

void read_environment(const Field& field, Container& container) {
  field["env"].each([&](const Field& one) { container.env.push_back(read_env(one)); });
  field["envFrom"].each([&](const Field& one) { container.env_from.push_back(read_env_from(one)); });
}

void read_probes(const Field& field, Container& container) {
  container.liveness = read_probe(field["livenessProbe"]);
  container.readiness = read_probe(field["readinessProbe"]);
  container.startup = read_probe(field["startupProbe"]);
}

}  // namespace

Container read_container(const Field& field) {
  Container container;
  container.name = field["name"].dns_label();
  container.raw = field.json();
  const auto part = [&](auto read) { read_part(container.problem, read); };
  part([&] { read_program(field, container); });
  part([&] { field["ports"].each([&](const Field& one) { container.ports.push_back(read_port(one)); }); });
  part([&] { read_environment(field, container); });
  part([&] { container.resources.limits = field["resources"]["limits"].quantities(); });
  part([&] { container.resources.requests = field["resources"]["requests"].quantities(); });
  part([&] {
    field["volumeMounts"].each([&](const Field& one) { container.volume_mounts.push_back(read_mount(one)); });
    field["volumeDevices"].each([&](const Field&) { container.has_volume_devices = true; });
  });
  part([&] { read_probes(field, container); });
  part([&] { container.post_start = read_handler(field["lifecycle"]["postStart"]); });
  part([&] { container.pre_stop = read_handler(field["lifecycle"]["preStop"]); });
  part([&] { container.security_context = read_container_security_context(field["securityContext"]); });
  return container;
}

}  // namespace edgecore::kube
