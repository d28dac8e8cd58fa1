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

/// The container cannot be configured as its pod asks. Its waiting reason becomes CreateContainerConfigError,
/// with this text as message.
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
/// "configmap" or "secret": the words of Kubernetes' messages.
std::string_view config_noun(kube::EnvFrom::Kind kind);

/// The objects that a container refers to. An object without an entry does not exist.
using ConfigObjects = std::map<ConfigRef, Json>;

/// The objects make_environment will look up, without duplicates, in order of appearance.
std::vector<ConfigRef> environment_references(const kube::Container& container);

/// Facts about a pod that its spec does not hold: from the node and the runtime.
struct PodFacts {
  std::string host_ip;
  std::vector<std::string> pod_ips;  ///< primary first
  kube::StringMap allocatable;       ///< the node's; used for limits that are not set
};

struct EnvironmentInput {
  const kube::Pod& pod;
  const kube::Container& container;
  const ConfigObjects& objects;
  const PodFacts& facts;
  /// The API's address; both empty if containers are told nothing. Set last in the container, even if empty
  /// as by the Go agent, unless the container has such a variable of its own.
  std::string service_host, service_port;
};

/// Variables in order of declaration; each name once, at its first position. Throws ContainerConfigError.
std::vector<cri::KeyValue> make_environment(const EnvironmentInput& input);

/// The value of a variable; nullopt if it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view)>;

/// Replaces `$(NAME)`. `$$` escapes a `$`. References to unset variables stay as they are.
std::string expand(std::string_view text, const Lookup& lookup);
/// Expands command or args with a finished environment.
std::vector<std::string> expand_all(const std::vector<std::string>& texts,
                                    const std::vector<cri::KeyValue>& environment);
/// Expands a subPathExpr: every variable must be set and not empty. Throws ContainerConfigError.
std::string expand_sub_path(std::string_view text, const std::vector<cri::KeyValue>& environment);

/// The value of a pod's field, for a variable or, with `in_volume`, for a file (which may also hold all
/// labels or all annotations). Throws ContainerConfigError for an unsupported field.
std::string field_value(const kube::FieldRef& field, const kube::Pod& pod, const PodFacts& facts,
                        bool in_volume);
/// A container's request or limit divided by the divisor, rounded up. `container` is the default if the
/// reference names none. Throws ContainerConfigError.
std::string resource_value(const kube::ResourceFieldRef& field, const kube::Pod& pod,
                           const kube::Container* container, const PodFacts& facts);

}  // namespace edgecore::edged
