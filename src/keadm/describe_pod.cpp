// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include "keadm/describe.hpp"
#include "keadm/description.hpp"
#include "keadm/text.hpp"

namespace edgecore::keadm {
namespace {

using kube::array_or_empty;
using kube::find_path;
using kube::int_or;
using kube::object_or_empty;
using kube::string_or;

/// A number or string as text: ports are numbers or names, quantities are strings.
std::string scalar(const Json& value, const char* path) {
  const Json* found = find_path(value, path);
  if (found == nullptr) return "";
  return found->is_string() ? found->get<std::string>() : kube::dump_json(*found);
}

const Json& named(const Json& list, const std::string& name) {
  static const Json kNothing = Json::object();
  for (const auto& one : list) {
    if (string_or(one, "name") == name) return one;
  }
  return kNothing;
}

void describe_state(Description& out, const char* label, const Json& state) {
  if (const Json* running = find_path(state, "running")) {
    out.line(2, label, "Running");
    out.line(3, "Started", long_time(string_or(*running, "startedAt")));
  } else if (const Json* waiting = find_path(state, "waiting")) {
    out.line(2, label, "Waiting");
    if (auto reason = string_or(*waiting, "reason"); !reason.empty()) out.line(3, "Reason", reason);
    if (auto message = string_or(*waiting, "message"); !message.empty()) out.line(3, "Message", message);
  } else if (const Json* ended = find_path(state, "terminated")) {
    out.line(2, label, "Terminated");
    if (auto reason = string_or(*ended, "reason"); !reason.empty()) out.line(3, "Reason", reason);
    if (auto message = string_or(*ended, "message"); !message.empty()) out.line(3, "Message", message);
    out.line(3, "Exit Code", std::to_string(int_or(*ended, "exitCode", 0)));
    if (const auto signal = int_or(*ended, "signal", 0); signal > 0)
      out.line(3, "Signal", std::to_string(signal));
    out.line(3, "Started", long_time(string_or(*ended, "startedAt")));
    out.line(3, "Finished", long_time(string_or(*ended, "finishedAt")));
  }
}

std::vector<std::string> texts(const Json& list) {
  std::vector<std::string> out;
  for (const auto& one : list) {
    if (one.is_string()) out.push_back(one.get<std::string>());
  }
  return out;
}

/// The names of variables and the sources of their values, not the values.
std::vector<std::string> environment(const Json& container) {
  std::vector<std::string> out;
  for (const auto& from : array_or_empty(container, "envFrom")) {
    for (const auto& [member, kind] :
         {std::pair{"configMapRef", "ConfigMap"}, std::pair{"secretRef", "Secret"}}) {
      if (const Json* ref = find_path(from, member))
        out.push_back(fmt::format("all of {} {}", kind, string_or(*ref, "name")));
    }
  }
  for (const auto& variable : array_or_empty(container, "env")) {
    std::string what = string_or(variable, "name");
    if (const Json* ref = find_path(variable, "valueFrom.configMapKeyRef")) {
      what += fmt::format(" (key {} of ConfigMap {})", string_or(*ref, "key"), string_or(*ref, "name"));
    } else if (const Json* secret = find_path(variable, "valueFrom.secretKeyRef")) {
      what += fmt::format(" (key {} of Secret {})", string_or(*secret, "key"), string_or(*secret, "name"));
    } else if (const Json* field = find_path(variable, "valueFrom.fieldRef")) {
      what += fmt::format(" ({})", string_or(*field, "fieldPath"));
    } else if (const Json* resource = find_path(variable, "valueFrom.resourceFieldRef")) {
      what += fmt::format(" ({})", string_or(*resource, "resource"));
    }
    out.push_back(std::move(what));
  }
  return out;
}

std::string probe(const Json& probe) {
  std::string what = "unknown";
  if (const Json* http = find_path(probe, "httpGet")) {
    what = fmt::format("http-get {}:{}{}", string_or(*http, "host"), scalar(*http, "port"),
                       string_or(*http, "path"));
  } else if (find_path(probe, "tcpSocket") != nullptr) {
    what = "tcp-socket :" + scalar(probe, "tcpSocket.port");
  } else if (find_path(probe, "exec") != nullptr) {
    what = fmt::format("exec [{}]", fmt::join(texts(array_or_empty(probe, "exec.command")), " "));
  } else if (find_path(probe, "grpc") != nullptr) {
    what = "grpc :" + scalar(probe, "grpc.port");
  }
  return fmt::format("{} delay={}s timeout={}s period={}s #success={} #failure={}", what,
                     int_or(probe, "initialDelaySeconds", 0), int_or(probe, "timeoutSeconds", 1),
                     int_or(probe, "periodSeconds", 10), int_or(probe, "successThreshold", 1),
                     int_or(probe, "failureThreshold", 3));
}

void describe_container(Description& out, const Json& container, const Json& status) {
  out.heading(1, string_or(container, "name"));
  if (auto id = string_or(status, "containerID"); !id.empty()) out.line(2, "Container ID", id);
  out.line(2, "Image", string_or(container, "image"));
  if (auto id = string_or(status, "imageID"); !id.empty()) out.line(2, "Image ID", id);
  std::vector<std::string> ports;
  for (const auto& port : array_or_empty(container, "ports")) {
    std::string text =
        fmt::format("{}/{}", scalar(port, "containerPort"), string_or(port, "protocol", "TCP"));
    if (const auto host = int_or(port, "hostPort", 0); host > 0) text += fmt::format(" (host {})", host);
    ports.push_back(std::move(text));
  }
  out.list(2, "Ports", ports);
  if (find_path(container, "command") != nullptr)
    out.list(2, "Command", texts(array_or_empty(container, "command")));
  if (find_path(container, "args") != nullptr) out.list(2, "Args", texts(array_or_empty(container, "args")));
  describe_state(out, "State", object_or_empty(status, "state"));
  describe_state(out, "Last State", object_or_empty(status, "lastState"));
  out.line(2, "Ready", kube::bool_or(status, "ready", false) ? "True" : "False");
  out.line(2, "Restart Count", std::to_string(int_or(status, "restartCount", 0)));
  for (const auto& [path, label] :
       {std::pair{"resources.limits", "Limits"}, std::pair{"resources.requests", "Requests"}}) {
    if (find_path(container, path) != nullptr) out.map(2, label, object_or_empty(container, path), ": ");
  }
  for (const auto& [path, label] :
       {std::pair{"livenessProbe", "Liveness"}, std::pair{"readinessProbe", "Readiness"},
        std::pair{"startupProbe", "Startup"}}) {
    if (const Json* found = find_path(container, path)) out.line(2, label, probe(*found));
  }
  out.list(2, "Environment", environment(container));
  std::vector<std::string> mounts;
  for (const auto& mount : array_or_empty(container, "volumeMounts")) {
    std::string text = fmt::format("{} from {} ({}", string_or(mount, "mountPath"), string_or(mount, "name"),
                                   kube::bool_or(mount, "readOnly", false) ? "ro" : "rw");
    if (auto path = string_or(mount, "subPath"); !path.empty()) text += ", path=" + path;
    mounts.push_back(text + ")");
  }
  out.list(2, "Mounts", mounts);
}

void describe_containers(Description& out, const Json& pod, const char* label, const char* list,
                         const char* statuses) {
  const Json& containers = array_or_empty(pod, list);
  if (containers.empty()) return;
  out.heading(0, label);
  for (const auto& container : containers)
    describe_container(out, container, named(array_or_empty(pod, statuses), string_or(container, "name")));
}

void describe_volumes(Description& out, const Json& pod) {
  const Json& volumes = array_or_empty(pod, "spec.volumes");
  if (volumes.empty()) return out.line(0, "Volumes", "<none>");
  out.heading(0, "Volumes");
  for (const auto& volume : volumes) {
    out.heading(1, string_or(volume, "name"));
    for (const auto& [member, source] : volume.items()) {
      if (member == "name") continue;
      out.line(2, "Type", member);
      if (!source.is_object()) continue;
      for (const auto& [key, value] : source.items())
        out.line(2, key, value.is_string() ? value.get<std::string>() : kube::dump_json(value));
    }
  }
}

std::vector<std::string> tolerations(const Json& pod) {
  std::vector<std::string> out;
  for (const auto& one : array_or_empty(pod, "spec.tolerations")) {
    std::string text = string_or(one, "key");
    if (auto value = string_or(one, "value"); !value.empty()) text += "=" + value;
    if (auto effect = string_or(one, "effect"); !effect.empty()) text += ":" + effect;
    if (string_or(one, "operator") == "Exists") text += " op=Exists";
    if (find_path(one, "tolerationSeconds") != nullptr)
      text += fmt::format(" for {}s", int_or(one, "tolerationSeconds", 0));
    out.push_back(std::move(text));
  }
  return out;
}

void describe_pod_conditions(Description& out, const Json& pod) {
  std::vector<std::vector<std::string>> rows{{"Type", "Status", "Reason", "Message"}};
  for (const auto& one : array_or_empty(pod, "status.conditions"))
    rows.push_back({one_line(string_or(one, "type")), one_line(string_or(one, "status")),
                    one_line(string_or(one, "reason")), one_line(string_or(one, "message"))});
  if (rows.size() == 1) return;
  out.heading(0, "Conditions");
  out.table(1, rows);
}

}  // namespace

std::string describe_pod(const Json& pod, const Events& events, WallTime now) {
  Description out;
  describe_metadata(out, pod);
  out.line(0, "Priority", std::to_string(int_or(pod, "spec.priority", 0)));
  if (auto account = string_or(pod, "spec.serviceAccountName"); !account.empty())
    out.line(0, "Service Account", account);
  std::string node = string_or(pod, "spec.nodeName", "<none>");
  if (auto ip = string_or(pod, "status.hostIP"); !ip.empty()) node += "/" + ip;
  out.line(0, "Node", node);
  if (auto start = string_or(pod, "status.startTime"); !start.empty())
    out.line(0, "Start Time", long_time(start));
  out.map(0, "Labels", object_or_empty(pod, "metadata.labels"), "=");
  out.map(0, "Annotations", object_or_empty(pod, "metadata.annotations"), ": ");
  if (auto deleted = string_or(pod, "metadata.deletionTimestamp"); !deleted.empty()) {
    out.line(0, "Status", fmt::format("Terminating (lasts {})", age_since(deleted, now)));
    out.line(0, "Grace Period", fmt::format("{}s", int_or(pod, "metadata.deletionGracePeriodSeconds", 0)));
  } else {
    out.line(0, "Status", string_or(pod, "status.phase", "Unknown"));
  }
  if (auto reason = string_or(pod, "status.reason"); !reason.empty()) out.line(0, "Reason", reason);
  if (auto message = string_or(pod, "status.message"); !message.empty()) out.line(0, "Message", message);
  out.line(0, "IP", string_or(pod, "status.podIP", "<none>"));
  std::vector<std::string> ips;
  for (const auto& one : array_or_empty(pod, "status.podIPs")) ips.push_back(string_or(one, "ip"));
  out.list(0, "IPs", ips);
  for (const auto& owner : array_or_empty(pod, "metadata.ownerReferences")) {
    if (kube::bool_or(owner, "controller", false))
      out.line(0, "Controlled By", string_or(owner, "kind") + "/" + string_or(owner, "name"));
  }
  describe_containers(out, pod, "Init Containers", "spec.initContainers", "status.initContainerStatuses");
  describe_containers(out, pod, "Containers", "spec.containers", "status.containerStatuses");
  describe_containers(out, pod, "Ephemeral Containers", "spec.ephemeralContainers",
                      "status.ephemeralContainerStatuses");
  describe_pod_conditions(out, pod);
  describe_volumes(out, pod);
  out.line(0, "QoS Class", string_or(pod, "status.qosClass", "<none>"));
  out.map(0, "Node-Selectors", object_or_empty(pod, "spec.nodeSelector"), "=");
  out.list(0, "Tolerations", tolerations(pod));
  out.add_events(events, now);
  return out.take();
}

}  // namespace edgecore::keadm
