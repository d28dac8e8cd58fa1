// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/kube/api_resources.hpp"
#include "edgecore/kube/selector.hpp"
#include "metaserver/cache/cached_object.hpp"

namespace edgecore::metaserver {

/// Which objects of a resource a request is about. A plain value.
struct ObjectFilter {
  std::string ns;    ///< "" for all
  std::string name;  ///< "" for all
  kube::LabelSelector labels;
  kube::FieldSelector fields;

  /// Whether every object passes that is in the namespace and has the name.
  [[nodiscard]] bool selects_everything() const {
    return labels.selects_everything() && fields.selects_everything();
  }
  [[nodiscard]] bool matches(const CachedObject& object) const;
};

/// From the query's selectors; a `metadata.name` or `metadata.namespace` that the field selector requires
/// narrows name and namespace. Throws ApiError (400) for a selector that cannot be read, or a field that the
/// resource does not offer.
[[nodiscard]] ObjectFilter make_filter(const kube::ApiResource& resource, std::string ns, std::string name,
                                       std::string_view label_selector, std::string_view field_selector);

}  // namespace edgecore::metaserver
