// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/cri/types.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"

/// A container's environment (protocol/05-edged.md §1.5.1) and the values of the downward API. Pure
/// functions.
namespace edgecore::edged {

/// A container that cannot be configured as its pod asks: the waiting reason is CreateContainerConfigError
/// and the text its message.
class ContainerConfigError : public Error {
 public:
  using Error::Error;
};

/// A ConfigMap or Secret in the pod's namespace.
struct ConfigRef {
  kube::EnvFrom::Kind kind = kube::EnvFrom::Kind::kConfigMap;
  std::string name;
  auto operator<=>(const ConfigRef&) const = default;
};
/// "configmap" or "secret", as messages about pods call them.
std::string_view config_noun(kube::EnvFrom::Kind kind);

/// What was found for the references of a container. A missing entry is an object that does not exist.
using ConfigObjects = std::map<ConfigRef, Json>;

/// What make_environment will look up, without duplicates, in order of appearance.
std::vector<ConfigRef> environment_references(const kube::Container& container);

/// What the node and the runtime know about a pod and its spec does not say.
struct PodFacts {
  std::string host_ip;
  std::vector<std::string> pod_ips;  ///< primary first
  kube::StringMap allocatable;       ///< of the node: stands in for limits that are not set
};

struct EnvironmentInput {
  const kube::Pod& pod;
  const kube::Container& container;
  const ConfigObjects& objects;
  const PodFacts& facts;
  /// Where MetaServer listens; both empty when it is disabled. Always set in the container, and always last.
  std::string service_host, service_port;
  std::vector<cri::KeyValue> device_plugin_envs = {};
};

/// Declaration order; each name once, where it was first declared. Throws ContainerConfigError.
std::vector<cri::KeyValue> make_environment(const EnvironmentInput& input);

/// The value of a variable, or nullopt when there is none.
using Lookup = std::function<std::optional<std::string>(std::string_view)>;

/// Replaces `$(NAME)`; `$$` is a `$` that starts nothing; what has no value stays as it is.
std::string expand(std::string_view text, const Lookup& lookup);
/// Command or args over a finished environment.
std::vector<std::string> expand_all(const std::vector<std::string>& texts,
                                    const std::vector<cri::KeyValue>& environment);
/// subPathExpr: every variable must have a value that is not empty. Throws ContainerConfigError.
std::string expand_sub_path(std::string_view text, const std::vector<cri::KeyValue>& environment);

/// A field of the pod for a variable or, with `in_volume`, for a file (which may also hold all labels or
/// annotations). Throws ContainerConfigError for a field that is not served.
std::string field_value(const kube::FieldRef& field, const kube::Pod& pod, const PodFacts& facts,
                        bool in_volume);
/// A container's request or limit divided by the divisor, rounded up. `container` is used when the reference
/// names none. Throws ContainerConfigError.
std::string resource_value(const kube::ResourceFieldRef& field, const kube::Pod& pod,
                           const kube::Container* container, const PodFacts& facts);

}  // namespace edgecore::edged
