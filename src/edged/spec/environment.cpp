// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/environment.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edgecore/kube/names.hpp"
#include "edgecore/kube/quantity.hpp"
#include "edgecore/kube/quoted.hpp"
#include "edgecore/net/digest.hpp"
#include "edged/spec/pod_containers.hpp"
#include "edged/spec/string_map.hpp"

namespace edgecore::edged {
namespace {

using kube::EnvFrom;
using kube::Quantity;

/// Variables in the order they were first declared.
class Environment {
 public:
  void set(const std::string& name, std::string value) {
    const auto [at, is_new] = index_.emplace(name, list_.size());
    if (is_new) {
      list_.push_back({name, std::move(value)});
    } else {
      list_[at->second].value = std::move(value);
    }
  }
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const {
    const auto found = index_.find(name);
    if (found == index_.end()) return std::nullopt;
    return list_[found->second].value;
  }
  [[nodiscard]] std::vector<cri::KeyValue> take() && { return std::move(list_); }

 private:
  std::vector<cri::KeyValue> list_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

const Json* find_object(const EnvironmentInput& input, EnvFrom::Kind kind, const std::string& name,
                        bool optional) {
  const auto found = input.objects.find(ConfigRef{kind, name});
  if (found != input.objects.end()) return &found->second;
  if (optional) return nullptr;
  throw ContainerConfigError(fmt::format("{} \"{}\" not found", config_noun(kind), name));
}

/// The value of an entry: a ConfigMap's as it is, a Secret's decoded.
std::string entry(EnvFrom::Kind kind, const std::string& name, const std::string& key, const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (kind == EnvFrom::Kind::kConfigMap) return text;
    if (auto bytes = net::base64_decode_lines(text)) return *std::move(bytes);
  }
  throw ContainerConfigError(
      fmt::format("{} \"{}\" holds no usable value at \"{}\"", config_noun(kind), name, key));
}

void add_env_from(const EnvironmentInput& input, const EnvFrom& from, Environment& into) {
  const Json* object = find_object(input, from.kind, from.name, from.optional);
  if (object == nullptr) return;
  for (const auto& [key, value] : kube::object_or_empty(*object, "data").items()) {
    const std::string name = from.prefix + key;
    if (!kube::is_env_name(name)) continue;  // as Kubernetes: skipped, not an error
    into.set(name, entry(from.kind, from.name, key, value));
  }
}

/// nullopt: an optional reference whose object or key does not exist; the variable is not set.
std::optional<std::string> key_value(const EnvironmentInput& input, EnvFrom::Kind kind,
                                     const kube::KeyRef& ref) {
  const Json* object = find_object(input, kind, ref.name, ref.optional);
  if (object == nullptr) return std::nullopt;
  const Json* value = kube::find_keys(*object, {"data", ref.key});
  if (value != nullptr) return entry(kind, ref.name, ref.key, *value);
  if (ref.optional) return std::nullopt;
  throw ContainerConfigError(fmt::format("couldn't find key {} in {} {}/{}", ref.key,
                                         kind == EnvFrom::Kind::kConfigMap ? "ConfigMap" : "Secret",
                                         input.pod.ns, ref.name));
}

std::optional<std::string> env_value(const EnvironmentInput& input, const kube::EnvVar& env,
                                     const Lookup& earlier) {
  if (!env.value.empty()) return expand(env.value, earlier);
  if (env.field_ref) return field_value(*env.field_ref, input.pod, input.facts, false);
  if (env.resource_field_ref) {
    return resource_value(*env.resource_field_ref, input.pod, &input.container, input.facts);
  }
  if (env.config_map_key_ref) return key_value(input, EnvFrom::Kind::kConfigMap, *env.config_map_key_ref);
  if (env.secret_key_ref) return key_value(input, EnvFrom::Kind::kSecret, *env.secret_key_ref);
  return std::string();
}

std::string map_lines(const kube::StringMap& map) {
  std::string out;
  for (const auto& [key, value] : map) {
    if (!out.empty()) out += '\n';
    out += key + "=" + kube::quoted(value);
  }
  return out;
}

/// The key in `metadata.labels['key']`; nullopt if `path` has another form.
std::optional<std::string> subscript(std::string_view path, std::string_view map) {
  if (!path.starts_with(map)) return std::nullopt;
  path.remove_prefix(map.size());
  if (path.size() < 4 || !path.starts_with("['") || !path.ends_with("']")) return std::nullopt;
  return std::string(path.substr(2, path.size() - 4));
}

/// Ephemeral containers are left out: they have no resources.
const kube::Container* find_lasting_container(const kube::Pod& pod, const std::string& name) {
  const kube::Container* found = find_container(pod.spec.containers, name);
  return found != nullptr ? found : find_container(pod.spec.init_containers, name);
}

std::int64_t divided(std::int64_t amount, std::int64_t divisor) {
  if (divisor <= 0) divisor = 1;
  return amount / divisor + (amount % divisor > 0 ? 1 : 0);
}

}  // namespace

std::string_view config_noun(kube::EnvFrom::Kind kind) {
  return kind == EnvFrom::Kind::kConfigMap ? "configmap" : "secret";
}

std::vector<ConfigRef> environment_references(const kube::Container& container) {
  std::vector<ConfigRef> found;
  const auto add = [&](EnvFrom::Kind kind, const std::string& name) {
    ConfigRef ref{kind, name};
    if (std::find(found.begin(), found.end(), ref) == found.end()) found.push_back(std::move(ref));
  };
  for (const auto& from : container.env_from) add(from.kind, from.name);
  for (const auto& env : container.env) {
    if (env.config_map_key_ref) add(EnvFrom::Kind::kConfigMap, env.config_map_key_ref->name);
    if (env.secret_key_ref) add(EnvFrom::Kind::kSecret, env.secret_key_ref->name);
  }
  return found;
}

std::vector<cri::KeyValue> make_environment(const EnvironmentInput& input) {
  constexpr std::string_view kHostVariable = "KUBERNETES_SERVICE_HOST";
  constexpr std::string_view kPortVariable = "KUBERNETES_SERVICE_PORT";
  Environment environment;
  for (const auto& from : input.container.env_from) add_env_from(input, from, environment);
  // As a kubelet: the API's variables are known before references are expanded, and the container's own win.
  const Lookup earlier = [&](std::string_view name) -> std::optional<std::string> {
    if (auto own = environment.find(name)) return own;
    if (name == kHostVariable) return input.service_host;
    if (name == kPortVariable) return input.service_port;
    return std::nullopt;
  };
  for (const auto& env : input.container.env) {
    if (auto value = env_value(input, env, earlier)) environment.set(env.name, *std::move(value));
  }
  const bool adds_host = !environment.find(kHostVariable), adds_port = !environment.find(kPortVariable);
  std::vector<cri::KeyValue> all = std::move(environment).take();
  if (adds_host) all.push_back({std::string(kHostVariable), input.service_host});
  if (adds_port) all.push_back({std::string(kPortVariable), input.service_port});
  return all;
}

std::string expand(std::string_view text, const Lookup& lookup) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    const auto end = text[i + 1] == '(' ? text.find(')', i + 2) : text.npos;
    if (end == text.npos) {
      out += '$';
      continue;
    }
    const auto whole = text.substr(i, end - i + 1);
    out += lookup(whole.substr(2, whole.size() - 3)).value_or(std::string(whole));
    i = end;
  }
  return out;
}

namespace {
std::optional<std::string> find_value(const std::vector<cri::KeyValue>& environment, std::string_view name) {
  for (auto one = environment.rbegin(); one != environment.rend(); ++one) {
    if (one->key == name) return one->value;
  }
  return std::nullopt;
}
}  // namespace

std::vector<std::string> expand_all(const std::vector<std::string>& texts,
                                    const std::vector<cri::KeyValue>& environment) {
  const Lookup lookup = [&](std::string_view name) { return find_value(environment, name); };
  std::vector<std::string> out;
  for (const auto& text : texts) out.push_back(expand(text, lookup));
  return out;
}

std::string expand_sub_path(std::string_view text, const std::vector<cri::KeyValue>& environment) {
  const Lookup lookup = [&](std::string_view name) {
    auto value = find_value(environment, name);
    if (!value || value->empty()) throw ContainerConfigError(fmt::format("missing value for \"{}\"", name));
    return value;
  };
  return expand(text, lookup);
}

std::string field_value(const kube::FieldRef& field, const kube::Pod& pod, const PodFacts& facts,
                        bool in_volume) {
  if (!field.api_version.empty() && field.api_version != "v1") {
    throw ContainerConfigError(fmt::format("unsupported pod version: {}", field.api_version));
  }
  const auto& path = field.field_path;
  if (path == "metadata.name") return pod.name;
  if (path == "metadata.namespace") return pod.ns;
  if (path == "metadata.uid") return pod.uid;
  if (const auto key = subscript(path, "metadata.labels")) return value_or_empty(pod.labels, *key);
  if (const auto key = subscript(path, "metadata.annotations")) return value_or_empty(pod.annotations, *key);
  if (in_volume && path == "metadata.labels") return map_lines(pod.labels);
  if (in_volume && path == "metadata.annotations") return map_lines(pod.annotations);
  if (!in_volume) {
    if (path == "spec.nodeName") return pod.spec.node_name;
    if (path == "spec.serviceAccountName") return pod.spec.service_account_name;
    if (path == "status.hostIP") return facts.host_ip;
    if (path == "status.podIP") return facts.pod_ips.empty() ? std::string() : facts.pod_ips.front();
    if (path == "status.podIPs") return fmt::format("{}", fmt::join(facts.pod_ips, ","));
    if (path == "status.hostIPs") return {};  // disabled: feature gate PodHostIPs is off
  }
  throw ContainerConfigError(fmt::format("unsupported fieldPath: {}", path));
}

std::string resource_value(const kube::ResourceFieldRef& field, const kube::Pod& pod,
                           const kube::Container* container, const PodFacts& facts) {
  if (!field.container_name.empty()) container = find_lasting_container(pod, field.container_name);
  if (container == nullptr) {
    throw ContainerConfigError(fmt::format("container {} not found", field.container_name));
  }
  const auto dot = field.resource.find('.');
  const std::string kind = field.resource.substr(0, dot);
  const std::string name = dot == std::string::npos ? std::string() : field.resource.substr(dot + 1);
  const bool known =
      (kind == "limits" || kind == "requests") &&
      (name == "cpu" || name == "memory" || name == "ephemeral-storage" || name.starts_with("hugepages-"));
  if (!known) throw ContainerConfigError(fmt::format("unsupported container resource : {}", field.resource));

  std::string amount =
      value_or_empty(kind == "limits" ? container->resources.limits : container->resources.requests, name);
  if (kind == "limits" && (amount.empty() || Quantity::parse(amount).is_zero()) &&
      !name.starts_with("huge")) {
    amount = value_or_empty(facts.allocatable, name);
  }
  const Quantity quantity = amount.empty() ? Quantity() : Quantity::parse(amount);
  const Quantity divisor = field.divisor.empty() ? Quantity() : Quantity::parse(field.divisor);
  // A divisor of 0 means 1 (and `1m` counts milli-units of cpu).
  const Quantity unit = divisor.is_zero() ? Quantity::of(1) : divisor;
  if (name == "cpu") return std::to_string(divided(quantity.milli_value(), unit.milli_value()));
  return std::to_string(divided(quantity.value(), unit.value()));
}

}  // namespace edgecore::edged
