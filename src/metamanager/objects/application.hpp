// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/beehive/message.hpp"
#include "edgecore/kube/json.hpp"

/// The cloud's DynamicController, which runs API calls for the node when it is enabled there
/// (protocol/03-metaserver.md §3). Pure functions.
namespace edgecore::metamanager {

/// Asks for one page of the objects of a type ("pod", "device"). An API server selects pods by their node; of
/// custom resources it can only list all. `continuation` is "" for the first page, then that of the page
/// before.
[[nodiscard]] beehive::Message list_request(std::string_view type, std::string_view node_name,
                                            std::string_view continuation, int limit);

struct ObjectPage {
  std::vector<Json> objects;  ///< kind and apiVersion filled in; only this node's (`spec.nodeName`)
  std::string continuation;   ///< "" on the last page
};
/// Reads the answer. Throws BadInput for a refusal, with the cloud's reason, and for anything but a list.
[[nodiscard]] ObjectPage read_page(std::string_view type, const Json& answer, std::string_view node_name);

/// Asks for one object.
[[nodiscard]] beehive::Message get_request(const beehive::ResourcePath& path, std::string_view node_name);
/// Reads the answer; nullopt if the cluster has no such object. Throws BadInput for another refusal, and for
/// anything but an object of this name.
[[nodiscard]] std::optional<Json> read_object(const beehive::ResourcePath& path, const Json& answer);

}  // namespace edgecore::metamanager
