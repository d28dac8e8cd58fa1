// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/application.hpp"

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/application.hpp"
#include "edgecore/beehive/names.hpp"
#include "metamanager/objects/object.hpp"

namespace edgecore::metamanager {

beehive::Message list_pods_request(std::string_view node_name, std::string_view continuation, int limit) {
  Json options = {{"fieldSelector", "spec.nodeName=" + std::string(node_name)}, {"limit", limit}};
  if (!continuation.empty()) options["continue"] = std::string(continuation);
  beehive::Application call;
  call.node_name = std::string(node_name);
  call.key = "/core/v1/pods/null/null";
  call.verb = "list";
  call.option = kube::dump_json(options);
  return beehive::application_request(call);
}

PodPage read_pod_page(const Json& answer, std::string_view node_name) {
  const beehive::ApplicationAnswer said = beehive::read_application_answer(answer);
  if (!said.approved)
    throw BadInput("The cloud refused to list this node's pods: " + log::quote(said.status.message) + ".");
  const Json list = kube::parse_json(said.body, "The list of this node's pods");
  if (!list.contains("items"))
    throw BadInput("The cloud's answer to a request for a list of pods is not a list.");
  PodPage page;
  page.continuation = kube::string_or(list, "metadata.continue");
  for (const Json& item : kube::array_or_empty(list, "items")) {
    if (kube::string_or(item, "spec.nodeName") != node_name) continue;
    Json pod = item;
    fill_kind(pod, names::resource::kPod);
    if (!is_servable(pod) || kube::string_or(pod, "metadata.namespace").empty()) continue;
    page.pods.push_back(std::move(pod));
  }
  return page;
}

}  // namespace edgecore::metamanager
