// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/beehive/message.hpp"
#include "edgecore/kube/json.hpp"

/// Key and namespace of an object, from its message's resource (protocol/02-metamanager.md §1.3, §2.2). Pure
/// functions.
namespace edgecore::metamanager {

/// The key in `meta`: the resource string, except that a Node is always under `default/node/<name>`,
/// whichever namespace literal the cloud's version uses (protocol/02-metamanager.md §2.2, §11).
[[nodiscard]] std::string row_key(const beehive::ResourcePath& path);

/// The object's namespace: its own, else that of the resource, where `null` means none.
[[nodiscard]] std::string served_namespace(const Json& object, const beehive::ResourcePath& path,
                                           bool namespaced);

}  // namespace edgecore::metamanager
