#include "metamanager/application.hpp"

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/net/digest.hpp"
#include "metamanager/object.hpp"

namespace edgecore::metamanager {

beehive::Message list_pods_request(std::string_view node_name, std::string_view continuation, int limit) {
  constexpr std::string_view key = "/core/v1/pods/null/null";
  constexpr std::string_view verb = "list";
  Json options = {{"fieldSelector", "spec.nodeName=" + std::string(node_name)}, {"limit", limit}};
  if (!continuation.empty()) options["continue"] = std::string(continuation);
  const std::string option = kube::dump_json(options);
  std::string identity(node_name);
  identity.append(key).append(verb).append(option);

  Json application;
  application["ID"] = net::sha256_hex(identity);
  application["Key"] = std::string(key);
  application["Verb"] = std::string(verb);
  application["Nodename"] = std::string(node_name);
  application["Option"] = net::base64(option);
  application["ReqBody"] = nullptr;
  application["Subresource"] = "";
  application["RespBody"] = nullptr;
  application["Status"] = "InApplying";
  application["Reason"] = "";
  application["Error"]["ErrStatus"]["metadata"] = Json::object();
  application["Timestamp"] = "0001-01-01T00:00:00Z";
  // Operation and resource are the literal word null (§3.3).
  return beehive::make_message(names::source::kMetaServer, names::group::kDynamicController, "null", "null",
                               std::move(application));
}

PodPage read_pod_page(const Json& answer, std::string_view node_name) {
  if (kube::string_or(answer, "Status") != "Approved") {
    std::string why = kube::string_or(answer, "Reason");
    if (why.empty()) why = kube::string_or(answer, "Error.ErrStatus.message", "no reason given");
    throw BadInput("The cloud refused to list this node's pods: " + log::quote(why) + ".");
  }
  const std::string body = net::base64_decode(kube::get_string(answer, "RespBody"));
  const Json list = kube::parse_json(body, "The list of this node's pods");
  if (!list.contains("items")) throw BadInput("The cloud's answer to a list of pods is no list.");
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
