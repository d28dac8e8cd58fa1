// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/kube/api_resources.hpp"
#include "edgecore/kube/selector.hpp"
#include "metaserver/cache/cached_object.hpp"

namespace edgecore::metaserver {

/// Selects objects of a resource. A plain value.
struct ObjectFilter {
  std::string ns;    ///< "" for all
  std::string name;  ///< "" for all
  kube::LabelSelector labels;
  kube::FieldSelector fields;

  /// True if there are no selectors: every object with the namespace and name matches.
  [[nodiscard]] bool selects_everything() const {
    return labels.selects_everything() && fields.selects_everything();
  }
  [[nodiscard]] bool matches(const CachedObject& object) const;
};

/// From the query's selectors; a `metadata.name` or `metadata.namespace` that the field selector requires
/// narrows name and namespace. Throws ApiError (400) for a malformed selector, or a field that the resource
/// does not offer.
[[nodiscard]] ObjectFilter make_filter(const kube::ApiResource& resource, std::string ns, std::string name,
                                       std::string_view label_selector, std::string_view field_selector);

}  // namespace edgecore::metaserver
