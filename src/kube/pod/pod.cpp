// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/pod.hpp"

#include <arpa/inet.h>
#include <spdlog/fmt/fmt.h>

#include <limits>
#include <set>

#include "edgecore/base/error.hpp"
#include "kube/pod/pod_field.hpp"

namespace edgecore::kube {
namespace {

constexpr auto kMaxSeconds = std::int64_t{std::numeric_limits<std::int32_t>::max()};

/// The uid names directories and cgroups.
std::string read_uid(const Field& field) {
  std::string uid = field.required_text();
  const bool plain =
      uid.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
      std::string::npos;
  if (!plain || uid.size() > 128 || uid.front() == '.')
    field.fail("must be letters, digits and '-', at most 128");
  return uid;
}

bool is_ip(const std::string& text) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), address) == 1 || inet_pton(AF_INET6, text.c_str(), address) == 1;
}

std::string read_ip(const Field& field) {
  std::string ip = field.required_text();
  if (!is_ip(ip)) field.fail("must be an IP address");
  return ip;
}

/// A word for a line of a file: without blanks and line breaks.
std::string read_word(const Field& field) {
  std::string word = field.text();
  for (const char c : word) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '#') field.fail("must be one word");
  }
  return word;
}

std::string read_optional_name(const Field& field) {
  return field.text().empty() ? std::string() : field.dns_subdomain();
}

std::optional<PodSecurityContext> read_pod_security_context(const Field& field) {
  if (!field.has()) return std::nullopt;
  PodSecurityContext context;
  context.run_as_non_root = field["runAsNonRoot"].boolean();
  context.run_as_user = field["runAsUser"].integer(0, kMaxId);
  context.run_as_group = field["runAsGroup"].integer(0, kMaxId);
  context.fs_group = field["fsGroup"].integer(0, kMaxId);
  field["supplementalGroups"].each([&](const Field& one) {
    const auto group = one.integer(0, kMaxId);
    if (!group) one.fail("is missing");
    context.supplemental_groups.push_back(*group);
  });
  context.fs_group_change_policy = field["fsGroupChangePolicy"].text();
  context.se_linux = read_se_linux(field["seLinuxOptions"]);
  context.seccomp = read_seccomp(field["seccompProfile"]);
  field["sysctls"].each([&](const Field& one) {
    Sysctl sysctl{one["name"].required_text(), one["value"].text()};
    if (climbs(sysctl.name)) one["name"].fail("must not hold '..'");
    context.sysctls.push_back(std::move(sysctl));
  });
  return context;
}

Toleration read_toleration(const Field& field) {
  Toleration toleration{field["key"].text(), field["operator"].text(), field["value"].text(),
                        field["effect"].text(), std::nullopt};
  toleration.seconds = field["tolerationSeconds"].integer(std::numeric_limits<std::int64_t>::min(),
                                                          std::numeric_limits<std::int64_t>::max());
  return toleration;
}

std::optional<DnsConfig> read_dns_config(const Field& field) {
  if (!field.has()) return std::nullopt;
  DnsConfig config;
  field["nameservers"].each([&](const Field& one) { config.nameservers.push_back(read_ip(one)); });
  field["searches"].each([&](const Field& one) { config.searches.push_back(read_word(one)); });
  field["options"].each([&](const Field& one) {
    std::optional<std::string> value;
    if (one["value"].has()) value = read_word(one["value"]);
    if (one["name"].text().empty()) one["name"].fail("is missing");
    config.options.emplace_back(read_word(one["name"]), std::move(value));
  });
  return config;
}

/// Checks that names of containers and volumes are unique and mounted volumes exist.
void check_names(const Field& spec, PodSpec& pod) {
  std::set<std::string_view> volumes;
  for (const auto& volume : pod.volumes) {
    if (volumes.insert(volume.name).second) continue;
    read_part(pod.problem,
              [&] { spec["volumes"].fail(fmt::format("has two volumes named \"{}\"", volume.name)); });
  }
  std::set<std::string_view> containers;
  const auto check = [&](const char* list, std::vector<Container>& all) {
    for (auto& container : all) {
      const Field field = spec[list];
      if (!containers.insert(container.name).second) {
        read_part(pod.problem,
                  [&] { field.fail(fmt::format("has a second container named \"{}\"", container.name)); });
      }
      for (const auto& mount : container.volume_mounts) {
        if (volumes.contains(mount.name)) continue;
        read_part(container.problem, [&] {
          field.fail(
              fmt::format("has the container \"{}\" that mounts \"{}\", which is not a volume of the pod",
                          container.name, mount.name));
        });
      }
    }
  };
  check("initContainers", pod.init_containers);
  check("containers", pod.containers);
  check("ephemeralContainers", pod.ephemeral_containers);
}

void read_identity(const Field& spec, PodSpec& pod) {
  pod.service_account_name = read_optional_name(spec["serviceAccountName"]);
  pod.node_name = spec["nodeName"].text();
  if (!spec["hostname"].text().empty()) pod.hostname = spec["hostname"].dns_label();
  if (!spec["subdomain"].text().empty()) pod.subdomain = spec["subdomain"].dns_label();
  pod.runtime_class_name = spec["runtimeClassName"].text();
  pod.priority_class_name = spec["priorityClassName"].text();
  pod.os_name = spec["os"]["name"].text();
  pod.priority = spec["priority"].small(std::numeric_limits<std::int32_t>::min(),
                                        std::numeric_limits<std::int32_t>::max());
  pod.host_network = spec["hostNetwork"].flag();
  pod.host_pid = spec["hostPID"].flag();
  pod.host_ipc = spec["hostIPC"].flag();
  pod.share_process_namespace = spec["shareProcessNamespace"].flag();
  pod.set_hostname_as_fqdn = spec["setHostnameAsFQDN"].flag();
  pod.automount_service_account_token = spec["automountServiceAccountToken"].boolean();
}

std::string read_restart_policy(const Field& field) {
  std::string policy = field.text("Always");
  if (policy != "Always" && policy != "OnFailure" && policy != "Never")
    field.fail("must be Always, OnFailure or Never");
  return policy;
}

void read_placement(const Field& spec, PodSpec& pod) {
  spec["readinessGates"].each(
      [&](const Field& one) { pod.readiness_gates.push_back(one["conditionType"].required_text()); });
  spec["tolerations"].each([&](const Field& one) { pod.tolerations.push_back(read_toleration(one)); });
  pod.node_selector = spec["nodeSelector"].text_map();
  pod.overhead = spec["overhead"].quantities();
  if (const Field affinity = spec["affinity"]; affinity.has()) pod.affinity = affinity.json();
}

void read_lists(const Field& spec, PodSpec& pod) {
  const auto part = [&](auto read) { read_part(pod.problem, read); };
  const auto volume = [&](const Field& one) { part([&] { pod.volumes.push_back(read_volume(one)); }); };
  part([&] { spec["volumes"].each(volume, PodLimits::kVolumes); });
  const auto containers = [&](const char* key, std::vector<Container>& into) {
    const auto container = [&](const Field& one) { part([&] { into.push_back(read_container(one)); }); };
    part([&] { spec[key].each(container, PodLimits::kContainers); });
  };
  containers("initContainers", pod.init_containers);
  containers("containers", pod.containers);
  containers("ephemeralContainers", pod.ephemeral_containers);
}

PodSpec read_spec(const Field& spec) {
  PodSpec pod;
  const auto part = [&](auto read) { read_part(pod.problem, read); };
  read_lists(spec, pod);
  part([&] { check_names(spec, pod); });
  part([&] { read_identity(spec, pod); });
  part([&] { pod.restart_policy = read_restart_policy(spec["restartPolicy"]); });
  part([&] { pod.dns_policy = spec["dnsPolicy"].text(pod.dns_policy); });
  part([&] {
    pod.termination_grace_period_seconds =
        spec["terminationGracePeriodSeconds"].integer(std::numeric_limits<std::int32_t>::min(), kMaxSeconds);
  });
  part([&] { pod.active_deadline_seconds = spec["activeDeadlineSeconds"].integer(0, kMaxSeconds); });
  part([&] { pod.security_context = read_pod_security_context(spec["securityContext"]); });
  part([&] {
    spec["imagePullSecrets"].each([&](const Field& one) {
      auto name = read_optional_name(one["name"]);
      if (!name.empty()) pod.image_pull_secrets.push_back(std::move(name));
    });
  });
  part([&] { read_placement(spec, pod); });
  part([&] {
    spec["hostAliases"].each([&](const Field& one) {
      HostAlias alias{read_ip(one["ip"]), {}};
      one["hostnames"].each([&](const Field& name) { alias.hostnames.push_back(read_word(name)); });
      pod.host_aliases.push_back(std::move(alias));
    });
  });
  part([&] { pod.dns_config = read_dns_config(spec["dnsConfig"]); });
  return pod;
}

void read_metadata(const Field& meta, Pod& pod, std::string& problem) {
  const auto part = [&](auto read) { read_part(problem, read); };
  part([&] { pod.resource_version = meta["resourceVersion"].text(); });
  part([&] { pod.labels = meta["labels"].text_map(); });
  part([&] { pod.annotations = meta["annotations"].text_map(); });
  part([&] { pod.creation_timestamp = meta["creationTimestamp"].text(); });
  part([&] { pod.deletion_timestamp = meta["deletionTimestamp"].text(); });
  part([&] {
    pod.deletion_grace_period_seconds = meta["deletionGracePeriodSeconds"].integer(0, kMaxSeconds);
  });
}

/// An object that nests too deeply is cut down to what identifies it, and the depth is its problem.
std::string cut_depth(Json& object) {
  if (json_depth(object, PodLimits::kDepth) <= PodLimits::kDepth) return {};
  Json metadata = Json::object();
  const Json* whole = object.contains("metadata") ? &object["metadata"] : nullptr;
  for (const char* key : {"name", "namespace", "uid", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    const Json* value = whole != nullptr && whole->is_object() ? find_keys(*whole, {key}) : nullptr;
    if (value != nullptr && value->is_primitive()) metadata[key] = *value;
  }
  object = {{"metadata", std::move(metadata)}};
  return fmt::format("The pod is not usable: it nests deeper than {} levels", PodLimits::kDepth);
}

const std::string* first_problem(const PodSpec& spec) {
  for (const auto& volume : spec.volumes) {
    const auto* source = std::get_if<UnsupportedSource>(&volume.source);
    if (source != nullptr && !source->problem.empty()) return &source->problem;
  }
  for (const auto* list : {&spec.init_containers, &spec.containers, &spec.ephemeral_containers}) {
    for (const auto& container : *list) {
      if (!container.problem.empty()) return &container.problem;
    }
  }
  return spec.problem.empty() ? nullptr : &spec.problem;
}

}  // namespace

PodPtr read_pod(Json object) {
  if (!object.is_object()) throw BadInput(fmt::format("A pod must be an object, not {}", object.type_name()));
  std::string problem = cut_depth(object);
  auto pod = std::make_shared<Pod>();
  const Field root(object);
  const Field meta = root["metadata"];
  pod->name = meta["name"].dns_subdomain();
  pod->ns = meta["namespace"].dns_label();
  pod->uid = read_uid(meta["uid"]);
  read_metadata(meta, *pod, problem);
  read_part(problem, [&] { pod->spec = read_spec(root["spec"]); });
  read_part(problem, [&] {
    const Field status = root["status"];
    (void)status["phase"];  // BadInput unless absent or an object
    if (status.has()) pod->status = status.json();
  });
  if (!problem.empty()) pod->spec.problem = problem;
  pod->raw = std::move(object);
  return pod;
}

PodPtr parse_pod(Json object) {
  PodPtr pod = read_pod(std::move(object));
  if (const std::string* problem = first_problem(pod->spec)) throw BadInput(*problem);
  return pod;
}

}  // namespace edgecore::kube
