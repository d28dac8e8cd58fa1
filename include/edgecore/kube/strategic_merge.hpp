// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// Strategic merge patch, as the API server applies it to built-in kinds and as clients make it. Supported
/// directives: `$patch` (replace, merge, delete) in objects and list elements, `$deleteFromPrimitiveList/x`,
/// `$setElementOrder/x`, `$retainKeys`; null deletes (protocol/02-metamanager.md §3.4, §3.6,
/// protocol/05-edged.md §1.11.5, §3.4). The merge keys of `kind` are in merge_schema.hpp.

/// `original` after `patch`. Throws BadInput, naming the path, for a patch that is malformed or nests too
/// deep.
Json apply_strategic_merge(Json original, const Json& patch, std::string_view kind);

/// The patch that makes `original` into `modified` (two-way): {} when they are equal. Applied to an object
/// that others have changed meanwhile, it keeps their changes to other fields and their new elements in
/// merged lists. Merged lists get `$setElementOrder` when they change, as Go clients send it. A list whose
/// elements share a merge key (two addresses of type InternalIP) or lack it cannot be merged and is sent
/// whole with `{"$patch":"replace"}`. Throws BadInput if either is not an object or nests too deep.
Json create_strategic_merge(const Json& original, const Json& modified, std::string_view kind);

}  // namespace edgecore::kube
