// SPDX-License-Identifier: Apache-2.0
#include "edgecore/metamanager/ack.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "edgecore/beehive/names.hpp"
#include "metamanager/pushes/push.hpp"

namespace edgecore::metamanager {
namespace {

/// Types whose messages EdgeController sends once, without waiting for an ack. A pushed Node
/// (`update`, v1.23 and later) is repeated until it is acknowledged (protocol/08-later-clouds.md §5.2).
bool is_unacknowledged_type(std::string_view type, std::string_view operation) {
  if (type == names::resource::kNode && operation == names::operation::kUpdate) return false;
  constexpr auto kTypes = std::to_array<std::string_view>(
      {names::resource::kNode, names::resource::kLease, names::resource::kNodePatch,
       names::resource::kPodPatch, names::resource::kPodStatus, names::resource::kCertificateSigningRequest});
  if (std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end()) return true;
  return type == names::resource::kPod && operation == names::operation::kResponse;
}

}  // namespace

beehive::Message make_ack(const beehive::Message& received) {
  beehive::Message ack = beehive::make_response(received, names::content::kOk);
  const auto& operation = received.route.operation;
  if (received.route.source == names::source::kDeviceController &&
      (operation == names::operation::kInsert || operation == names::operation::kDelete)) {
    ack.route.source = names::source::kMeta;
    ack.route.group = names::group::kTwin;
  }
  return ack;
}

beehive::Message make_refusal(const beehive::Message& received, std::string_view why) {
  return beehive::make_error(received, names::module::kMetaManager, received.route.group, std::string(why));
}

bool wants_ack(const beehive::Message& received) {
  const auto& route = received.route;
  // The cloud looks for these words anywhere in the resource, names of objects included.
  for (const std::string_view word :
       {"podlist", "membership", "twin/cloud_updated", "serviceaccounttoken", "k8s/ca.crt"}) {
    if (route.resource.find(word) != std::string::npos) return false;
  }
  if (is_volume_operation(route.operation) || route.operation == names::operation::kApplicationResponse) {
    return false;
  }
  if (route.group == names::group::kUser || route.source == names::source::kTaskManager ||
      route.source == "nodeupgradejobcontroller") {
    return false;
  }
  if (route.operation == names::operation::kError) return false;
  if (route.operation == names::operation::kResponse && received.content.is_string()) return false;
  if (route.source != names::source::kEdgeController) return true;
  const auto path = beehive::parse_resource(route.resource);
  return !path || !is_unacknowledged_type(path->type, route.operation);
}

}  // namespace edgecore::metamanager
