// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/security.hpp"

#include <spdlog/fmt/fmt.h>

namespace edgecore::edged {
namespace {

/// The container's value, else the pod's.
template <typename T>
std::optional<T> effective(const kube::Pod& pod, const kube::Container& container,
                           std::optional<T> kube::PodSecurityContext::*of_pod,
                           std::optional<T> kube::SecurityContext::*of_container) {
  if (container.security_context && (*container.security_context).*of_container) {
    return (*container.security_context).*of_container;
  }
  if (pod.spec.security_context) return (*pod.spec.security_context).*of_pod;
  return std::nullopt;
}

bool is_true(const std::optional<kube::SecurityContext>& context,
             std::optional<bool> kube::SecurityContext::*member) {
  return context && ((*context).*member).value_or(false);
}

std::optional<cri::SelinuxOption> selinux(const std::optional<kube::SeLinuxOptions>& options) {
  if (!options) return std::nullopt;
  return cri::SelinuxOption{options->user, options->role, options->type, options->level};
}

cri::SecurityProfile seccomp(const std::optional<kube::SeccompProfile>& profile,
                             const SecurityPolicy& policy) {
  if (!profile) {
    return {policy.seccomp_default ? cri::ProfileType::kRuntimeDefault : cri::ProfileType::kUnconfined, {}};
  }
  if (profile->type == "RuntimeDefault") return {cri::ProfileType::kRuntimeDefault, {}};
  if (profile->type == "Localhost") {
    return {cri::ProfileType::kLocalhost, policy.root_directory + "/seccomp/" + profile->localhost_profile};
  }
  return {cri::ProfileType::kUnconfined, {}};
}

enum class Order { kVolumesFirst, kVolumesLast };

std::vector<std::int64_t> groups(const kube::Pod& pod, const SecurityPolicy& policy, Order order) {
  std::vector<std::int64_t> out;
  const auto& context = pod.spec.security_context;
  const auto add = [&](const std::vector<std::int64_t>& more) {
    out.insert(out.end(), more.begin(), more.end());
  };
  if (context && context->fs_group) out.push_back(*context->fs_group);
  if (order == Order::kVolumesFirst) add(policy.volume_groups);
  if (context) add(context->supplemental_groups);
  if (order == Order::kVolumesLast) add(policy.volume_groups);
  return out;
}

void set_paths(cri::LinuxContainerSecurityContext& context, std::string_view proc_mount) {
  if (proc_mount == "Unmasked") return;
  context.masked_paths = {"/proc/asound",        "/proc/acpi",       "/proc/kcore",       "/proc/keys",
                          "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                          "/proc/scsi",          "/sys/firmware"};
  context.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
}

}  // namespace

ImageUser image_user(const cri::Image& image) {
  if (image.uid) return {image.uid, {}};
  if (!image.username.empty()) return {std::nullopt, image.username};
  return {0, {}};
}

cri::NamespaceOption namespace_options(const kube::Pod& pod) {
  using cri::NamespaceMode;
  cri::NamespaceOption out;
  out.network = pod.spec.host_network ? NamespaceMode::kNode : NamespaceMode::kPod;
  out.ipc = pod.spec.host_ipc ? NamespaceMode::kNode : NamespaceMode::kPod;
  out.pid = pod.spec.share_process_namespace ? NamespaceMode::kPod : NamespaceMode::kContainer;
  if (pod.spec.host_pid) out.pid = NamespaceMode::kNode;
  return out;
}

cri::LinuxSandboxSecurityContext sandbox_security(const kube::Pod& pod, const SecurityPolicy& policy) {
  cri::LinuxSandboxSecurityContext out;
  for (const auto* list : {&pod.spec.containers, &pod.spec.init_containers}) {
    for (const auto& container : *list) {
      out.privileged =
          out.privileged || is_true(container.security_context, &kube::SecurityContext::privileged);
    }
  }
  out.seccomp = cri::SecurityProfile{cri::ProfileType::kRuntimeDefault, {}};
  // The API adds a securityContext to every pod; a pod without one gets its namespaces all the same.
  out.namespace_options = namespace_options(pod);
  out.supplemental_groups = groups(pod, policy, Order::kVolumesFirst);
  if (const auto& context = pod.spec.security_context) {
    out.run_as_user = context->run_as_user;
    out.run_as_group = context->run_as_group;
    out.selinux_options = selinux(context->se_linux);
  }
  return out;
}

cri::LinuxContainerSecurityContext container_security(const kube::Pod& pod, const kube::Container& container,
                                                      const ImageUser& image, const SecurityPolicy& policy) {
  using kube::PodSecurityContext;
  using kube::SecurityContext;
  cri::LinuxContainerSecurityContext out;
  const auto& own = container.security_context;
  if (own && own->capabilities) {
    out.capabilities = cri::Capability{own->capabilities->add, own->capabilities->drop, {}};
  }
  out.privileged = is_true(own, &SecurityContext::privileged);
  out.readonly_rootfs = is_true(own, &SecurityContext::read_only_root_filesystem);
  out.no_new_privs = own && own->allow_privilege_escalation == false;
  out.namespace_options = namespace_options(pod);
  out.selinux_options =
      selinux(effective(pod, container, &PodSecurityContext::se_linux, &SecurityContext::se_linux));
  out.run_as_user =
      effective(pod, container, &PodSecurityContext::run_as_user, &SecurityContext::run_as_user);
  if (!out.run_as_user) {
    out.run_as_user = image.uid;
    if (!image.uid) out.run_as_username = image.name;
  }
  out.run_as_group =
      effective(pod, container, &PodSecurityContext::run_as_group, &SecurityContext::run_as_group);
  out.supplemental_groups = groups(pod, policy, Order::kVolumesLast);
  out.seccomp =
      seccomp(effective(pod, container, &PodSecurityContext::seccomp, &SecurityContext::seccomp), policy);
  const auto profile =
      pod.annotations.find("container.apparmor.security.beta.kubernetes.io/" + container.name);
  if (profile != pod.annotations.end()) out.apparmor_profile = profile->second;
  set_paths(out, own ? std::string_view(own->proc_mount) : std::string_view());
  return out;
}

std::optional<std::string> non_root_violation(const kube::Pod& pod, const kube::Container& container,
                                              const ImageUser& image) {
  using kube::PodSecurityContext;
  using kube::SecurityContext;
  const auto must =
      effective(pod, container, &PodSecurityContext::run_as_non_root, &SecurityContext::run_as_non_root);
  if (!must.value_or(false)) return std::nullopt;
  const std::string where =
      fmt::format("(pod: \"{}({})\", container: {})", pod.full_name(), pod.uid, container.name);
  const auto user =
      effective(pod, container, &PodSecurityContext::run_as_user, &SecurityContext::run_as_user);
  if (user) {
    if (*user == 0) return "container's runAsUser breaks non-root policy " + where;
    return std::nullopt;
  }
  if (!image.uid && !image.name.empty()) {
    return fmt::format(
        "container has runAsNonRoot and image has non-numeric user ({}), cannot verify user is non-root {}",
        image.name, where);
  }
  if (image.uid.value_or(0) == 0) return "container has runAsNonRoot and image will run as root " + where;
  return std::nullopt;
}

std::string sysctl_name(std::string name) {
  const auto first = name.find_first_of("./");
  if (first == std::string::npos || name[first] == '.') return name;
  for (char& c : name) {
    if (c == '/' || c == '.') c = c == '/' ? '.' : '/';
  }
  return name;
}

}  // namespace edgecore::edged
