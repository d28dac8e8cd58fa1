// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/api_resources.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// What goes with the cells of a table's row (query parameter `includeObject`).
enum class IncludeObject { kNone, kMetadata, kObject };

/// A meta.k8s.io Table with a row for each object, as `kubectl get` shows it: for built-in kinds the columns
/// of an API server 1.28, for a resource with additionalPrinterColumns those, else name and age. `now` is for
/// ages. `version` is "v1" or "v1beta1". Objects may be of any shape; what they lack is shown as <none>,
/// <unknown> or null. The table's `metadata` is empty: resourceVersion and continue are the caller's to set.
/// In a watch only the first table has to come `with_columns`.
Json make_table(const ApiResource& resource, std::span<const Json* const> objects, WallTime now,
                IncludeObject include = IncludeObject::kMetadata, bool with_columns = true,
                std::string_view version = "v1");

/// As kubectl words a span of time: "5s", "3m20s", "47h", "5d3h", "2y10d"; "<invalid>" for one that lies more
/// than a second ahead.
std::string human_duration(std::chrono::seconds span);
/// The same from `then` to `now`, at whatever ends of time they are.
std::string human_age(WallTime then, WallTime now);

/// {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/<version>", "metadata": …} of an object.
Json partial_metadata(const Json& object, std::string_view version = "v1");

}  // namespace edgecore::kube
