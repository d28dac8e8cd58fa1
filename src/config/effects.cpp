// SPDX-License-Identifier: Apache-2.0
#include "config/effects.hpp"

#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "config/kubelet_fields.hpp"

namespace edgecore::config {
namespace {

/// What to do instead, for keys that people are likely to set.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kAdvice{{
    {"apiVersion", "this program reads edgecore.config.kubeedge.io/v1alpha2"},
    {"modules.edged.containerRuntime",
     "modules.edged.tailoredKubeletConfig.containerRuntimeEndpoint selects the runtime"},
    {"modules.edged.registerWithTaints", "set modules.edged.tailoredKubeletConfig.registerWithTaints"},
    {"modules.edged.runtimeCgroups", "the service manager decides on the runtime's cgroup"},
    {"modules.edged.tailoredKubeletConfig.maxOpenFiles", "set LimitNOFILE in the unit"},
    {"modules.edged.tailoredKubeletConfig.logging.verbosity", "use -v on the command line"},
    {"modules.edgeStream.enable", "the cloud does not reach logs, exec and metrics of this node"},
}};

std::string with_advice(const std::string& path, std::string text) {
  for (const auto& [key, advice] : kAdvice) {
    if (key == path) text.append("; ").append(advice);
  }
  return text;
}

template <class Type>
bool is_off(const Type& value) {
  if constexpr (requires { value.has_value(); }) {
    return value && *value == typename Type::value_type{};
  } else {
    return value == Type{};
  }
}

/// Compares the keys of an object with those of an object of the same type that holds the defaults.
class Walk {
 public:
  template <class Object>
  void object(const Object& object, const Object& defaults, const std::string& path) {
    std::vector<const void*> usual;  // in the order of the table, which is the same for both
    fields(defaults, [&](const char*, const auto& member, Print, Effect) { usual.push_back(&member); });
    std::size_t at = 0;
    fields(object, [&]<class Type>(const char* name, const Type& member, Print, Effect effect) {
      const std::string full = path.empty() ? name : path + "." + name;
      const auto& same = *static_cast<const Type*>(usual[at++]);
      if constexpr (Section<const Type>) {
        this->object(member, same, full);
      } else if (!(member == same)) {
        key(full, effect, is_off(member));
      }
    });
  }
  std::vector<Violation> take() && { return std::move(found_); }

 private:
  void key(const std::string& path, Effect effect, bool off) {
    if (effect == Effect::kNotYet || (effect == Effect::kOnlyOff && !off)) {
      found_.push_back({path, with_advice(path, "has no effect in this version yet")});
    } else if (effect == Effect::kNever) {
      found_.push_back({path, with_advice(path, "has no effect")});
    }
  }

  std::vector<Violation> found_;
};

/// The kubelet's endpoints count, the deprecated ones only if containerRuntimeEndpoint is empty
/// (protocol/06-config-cli-tasks.md §1.5).
void check_endpoints(const Edged& edged, std::vector<Violation>& found) {
  const Edged usual;
  const TailoredKubeletConfig& kubelet = edged.kubelet;
  const auto ignored = [&](const char* key, const std::string& value, const std::string& by_default,
                           const std::string& used, const char* reason) {
    if (!value.empty() && value != by_default && value != used)
      found.push_back({std::string("modules.edged.") + key, std::string("has no effect: ") + reason});
  };
  if (kubelet.container_runtime_endpoint.empty()) {
    ignored("tailoredKubeletConfig.imageServiceEndpoint", kubelet.image_service_endpoint,
            usual.kubelet.image_service_endpoint, edged.image_endpoint(),
            "tailoredKubeletConfig.containerRuntimeEndpoint is empty, so remoteImageEndpoint counts");
    return;
  }
  ignored("remoteRuntimeEndpoint", edged.remote_runtime_endpoint, usual.remote_runtime_endpoint,
          edged.runtime_endpoint(), "tailoredKubeletConfig.containerRuntimeEndpoint counts");
  ignored("remoteImageEndpoint", edged.remote_image_endpoint, usual.remote_image_endpoint,
          edged.image_endpoint(), "tailoredKubeletConfig.imageServiceEndpoint counts");
  // A file made by --defaultconfig in which only the runtime was changed.
  if (edged.image_endpoint() == usual.image_endpoint() &&
      edged.runtime_endpoint() != usual.runtime_endpoint())
    found.push_back(
        {std::string(kKubeletSection) + "imageServiceEndpoint",
         "is containerd's, although containerRuntimeEndpoint is another; leave it out to follow"});
}

void check_enforced(const TailoredKubeletConfig& kubelet, std::vector<Violation>& found) {
  for (const std::string& name : kubelet.enforce_node_allocatable) {
    if (name == "system-reserved" || name == "kube-reserved")
      found.push_back({std::string(kKubeletSection) + "enforceNodeAllocatable",
                       name + " has no effect in this version yet"});
  }
}

}  // namespace

std::vector<Violation> keys_without_effect(const EdgeCoreConfig& config) {
  Walk walk;
  walk.object(config, EdgeCoreConfig(), "");
  std::vector<Violation> found = std::move(walk).take();
  check_endpoints(config.modules.edged, found);
  check_enforced(config.modules.edged.kubelet, found);
  if (!config.modules.edged.custom_interface_name.empty() && !config.modules.edged.node_ip.empty())
    found.push_back({"modules.edged.nodeIP", "has no effect: customInterfaceName replaces it"});
  return found;
}

std::vector<Violation> keys_without_authorization(const MetaManager& meta_manager,
                                                  const FeatureGates& gates) {
  const MetaServer& set = meta_manager.meta_server;
  const MetaServer usual;
  std::vector<Violation> found;
  const bool runs = meta_manager.enable && set.enable;
  if (!runs && gates.require_authorization)
    found.push_back({"featureGates.requireAuthorization", "has no effect without a running metaServer"});
  if (!runs || gates.require_authorization) return found;
  const auto needs_gate = [&](const char* key, bool differs) {
    if (differs)
      found.push_back({std::string("modules.metaManager.metaServer.") + key,
                       "has no effect without featureGates.requireAuthorization"});
  };
  needs_gate("dummyServer", set.dummy_server != usual.dummy_server);
  needs_gate("serviceAccountIssuers", set.service_account_issuers != usual.service_account_issuers);
  needs_gate("apiAudiences", set.api_audiences != usual.api_audiences);
  needs_gate("serviceAccountKeyFiles", set.service_account_key_files != usual.service_account_key_files);
  return found;
}

}  // namespace edgecore::config
