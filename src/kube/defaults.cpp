// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/defaults.hpp"

#include <array>
#include <map>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/image_reference.hpp"
#include "edgecore/kube/quantity.hpp"

namespace edgecore::kube {
namespace {

/// Sets a member of an object unless it is there. Null counts as absent.
void set_default(Json& object, const char* key, Json value) {
  if (!object.is_object()) return;
  Json& member = object[key];
  if (member.is_null()) member = std::move(value);
}

/// The member if it is an object, else nullptr.
Json* object_in(Json& parent, const char* key) {
  if (!parent.is_object()) return nullptr;
  const auto found = parent.find(key);
  return found == parent.end() || !found->is_object() ? nullptr : &*found;
}

/// Calls `action` on each object of a list that may be absent.
template <typename Action>
void for_each_in(Json& parent, const char* key, Action action) {
  if (!parent.is_object()) return;
  const auto found = parent.find(key);
  if (found == parent.end() || !found->is_array()) return;
  for (Json& element : *found) {
    if (element.is_object()) action(element);
  }
}

void default_handler(Json& handler) {
  if (Json* http = object_in(handler, "httpGet")) {
    set_default(*http, "path", "/");
    set_default(*http, "scheme", "HTTP");
  }
  if (Json* grpc = object_in(handler, "grpc")) set_default(*grpc, "service", "");
}

void default_probe(Json& container, const char* name) {
  Json* probe = object_in(container, name);
  if (probe == nullptr) return;
  default_handler(*probe);
  // Go's zero value means "not set", so a number below one gets the default.
  for (const auto& [key, value] : {std::pair{"timeoutSeconds", 1}, std::pair{"periodSeconds", 10},
                                   std::pair{"successThreshold", 1}, std::pair{"failureThreshold", 3}}) {
    set_default(*probe, key, value);
    if ((*probe)[key] == 0) (*probe)[key] = value;
  }
}

void default_resources(Json& container) {
  set_default(container, "resources", Json::object());
  Json& resources = container["resources"];
  const Json* limits = object_in(resources, "limits");
  if (limits == nullptr) return;
  const Json given = *limits;  // `requests` may be added beside it
  set_default(resources, "requests", Json::object());
  for (const auto& [name, amount] : given.items()) set_default(resources["requests"], name.c_str(), amount);
}

std::string_view default_pull_policy(const Json& container) {
  try {
    return parse_image_reference(string_or(container, "image")).default_pull_policy();
  } catch (const BadInput&) {
    return "IfNotPresent";  // the pull refuses the image later
  }
}

void default_field_ref(Json& holder) {
  if (Json* field = object_in(holder, "fieldRef")) set_default(*field, "apiVersion", "v1");
  if (Json* resource = object_in(holder, "resourceFieldRef")) set_default(*resource, "divisor", "0");
}

void default_container(Json& container, bool host_network) {
  set_default(container, "imagePullPolicy", default_pull_policy(container));
  set_default(container, "terminationMessagePath", "/dev/termination-log");
  set_default(container, "terminationMessagePolicy", "File");
  default_resources(container);
  for_each_in(container, "ports", [&](Json& port) {
    set_default(port, "protocol", "TCP");
    if (host_network && port.contains("containerPort")) {
      set_default(port, "hostPort", port["containerPort"]);
      if (port["hostPort"] == 0) port["hostPort"] = port["containerPort"];
    }
  });
  for_each_in(container, "env", [](Json& variable) {
    if (Json* source = object_in(variable, "valueFrom")) default_field_ref(*source);
  });
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    default_probe(container, probe);
  if (Json* lifecycle = object_in(container, "lifecycle")) {
    for (const char* hook : {"postStart", "preStop"}) {
      if (Json* handler = object_in(*lifecycle, hook)) default_handler(*handler);
    }
  }
}

constexpr int kDefaultMode = 0644;

void default_projected_source(Json& source) {
  if (Json* token = object_in(source, "serviceAccountToken")) set_default(*token, "expirationSeconds", 3600);
  if (Json* downward = object_in(source, "downwardAPI")) for_each_in(*downward, "items", default_field_ref);
}

/// Whether a volume has a source: any member besides its name.
bool has_source(const Json& volume) {
  for (const auto& [key, value] : volume.items()) {
    if (key != "name" && !value.is_null()) return true;
  }
  return false;
}

void default_volume(Json& volume) {
  if (!has_source(volume)) volume["emptyDir"] = Json::object();
  for (const char* kind : {"configMap", "secret", "downwardAPI", "projected"}) {
    if (Json* source = object_in(volume, kind)) set_default(*source, "defaultMode", kDefaultMode);
  }
  if (Json* host = object_in(volume, "hostPath")) set_default(*host, "type", "");
  if (Json* downward = object_in(volume, "downwardAPI")) for_each_in(*downward, "items", default_field_ref);
  if (Json* projected = object_in(volume, "projected"))
    for_each_in(*projected, "sources", default_projected_source);
  Json* ephemeral = object_in(volume, "ephemeral");
  Json* claim = ephemeral == nullptr ? nullptr : object_in(*ephemeral, "volumeClaimTemplate");
  if (Json* claim_spec = claim == nullptr ? nullptr : object_in(*claim, "spec")) {
    set_default(*claim_spec, "volumeMode", "Filesystem");
  }
}

void default_spec(Json& spec) {
  set_default(spec, "dnsPolicy", "ClusterFirst");
  set_default(spec, "restartPolicy", "Always");
  set_default(spec, "schedulerName", "default-scheduler");
  set_default(spec, "securityContext", Json::object());
  set_default(spec, "terminationGracePeriodSeconds", 30);
  set_default(spec, "enableServiceLinks", true);
  // Two names of one field: clients may read either.
  if (const std::string account = string_or(spec, "serviceAccountName", string_or(spec, "serviceAccount"));
      !account.empty()) {
    set_default(spec, "serviceAccountName", account);
    set_default(spec, "serviceAccount", account);
  }
  const bool host_network = bool_or(spec, "hostNetwork", false);
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
    for_each_in(spec, list, [&](Json& container) { default_container(container, host_network); });
  }
  for_each_in(spec, "volumes", default_volume);
}

using Amounts = std::map<std::string, Quantity>;

/// The amount of a resource; nullopt if it is absent, malformed or not positive.
std::optional<Quantity> amount_of(const Json& amounts, const char* resource) {
  const auto found = amounts.find(resource);
  if (found == amounts.end()) return std::nullopt;
  const auto quantity =
      Quantity::try_parse(found->is_string() ? found->get<std::string>() : dump_json(*found));
  const bool counts = quantity && !quantity->is_zero() && !quantity->is_negative();
  return counts ? quantity : std::nullopt;
}

/// Adds a container's amounts; true when it has limits of both cpu and memory.
bool add_container(const Json& container, Amounts& requests, Amounts& limits) {
  const Json& given_requests = object_or_empty(container, "resources.requests");
  const Json& given_limits = object_or_empty(container, "resources.limits");
  bool limited = true;
  for (const char* resource : {"cpu", "memory"}) {
    const auto limit = amount_of(given_limits, resource);
    const bool requested = given_requests.contains(resource);
    const auto request = requested ? amount_of(given_requests, resource) : limit;
    if (limit) limits[resource] = limits[resource] + *limit;
    if (request) requests[resource] = requests[resource] + *request;
    limited = limited && limit.has_value();
  }
  return limited;
}

}  // namespace

void apply_pod_defaults(Json& pod) {
  if (!pod.is_object()) return;
  set_default(pod, "kind", "Pod");
  set_default(pod, "apiVersion", "v1");
  if (Json* spec = object_in(pod, "spec")) default_spec(*spec);
  set_default(pod, "status", Json::object());
  set_default(pod["status"], "phase", "Pending");
  set_default(pod["status"], "qosClass", qos_class(pod));
}

std::string qos_class(const Json& pod) {
  Amounts requests;
  Amounts limits;
  bool all_limited = true;
  for (const char* list : {"spec.containers", "spec.initContainers"}) {
    for (const Json& container : array_or_empty(pod, list)) {
      const bool limited = add_container(container, requests, limits);
      all_limited = all_limited && limited;
    }
  }
  if (requests.empty() && limits.empty()) return "BestEffort";
  return all_limited && requests == limits ? "Guaranteed" : "Burstable";
}

}  // namespace edgecore::kube
