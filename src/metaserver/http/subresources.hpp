// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/api_resources.hpp"

namespace edgecore::metaserver {

using Verbs = std::vector<std::string_view>;

/// A part of a resource with a path of its own, and the kind that is read and written there.
struct Subresource {
  std::string name;
  std::string group, version, kind;
  Verbs verbs;
};

/// The verbs that the server serves and discovery names, sorted; none for a resource that it does not serve.
Verbs verbs_of(const kube::ApiResource& resource);
std::vector<Subresource> subresources_of(const kube::ApiResource& resource);

/// The kind that a body has for a resource or, unless `subresource` is "", for its subresource; the parent's
/// for one that is not known. Only kind, group and version are set.
Subresource body_type(const kube::ApiResource& resource, std::string_view subresource);

}  // namespace edgecore::metaserver
