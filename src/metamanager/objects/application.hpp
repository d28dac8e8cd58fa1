// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/beehive/message.hpp"
#include "edgecore/kube/json.hpp"

/// The cloud's DynamicController, which runs API calls for the node when it is enabled there
/// (protocol/03-metaserver.md §3). Pure functions.
namespace edgecore::metamanager {

/// Asks for one page of the pods bound to `node_name`. `continuation` is "" for the first page, then that of
/// the page before.
[[nodiscard]] beehive::Message list_pods_request(std::string_view node_name, std::string_view continuation,
                                                 int limit);

struct PodPage {
  std::vector<Json> pods;    ///< kind and apiVersion filled in; only this node's
  std::string continuation;  ///< "" on the last page
};
/// Reads the answer. Throws BadInput for a refusal, with the cloud's reason, and for anything but a list.
[[nodiscard]] PodPage read_pod_page(const Json& answer, std::string_view node_name);

}  // namespace edgecore::metamanager
