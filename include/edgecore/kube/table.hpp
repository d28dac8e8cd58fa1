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

/// What a table row contains besides its cells (query parameter `includeObject`).
enum class IncludeObject { kNone, kMetadata, kObject };

/// A meta.k8s.io Table with a row for each object, as `kubectl get` shows it: built-in kinds have the columns
/// of an API server 1.28, a resource with additionalPrinterColumns has those, others name and age. `now` is
/// for ages. `version` is "v1" or "v1beta1". Objects may have any shape; missing values are shown as <none>,
/// <unknown> or null. The table's `metadata` is empty: resourceVersion and continue are the caller's to set.
/// In a watch only the first table needs `with_columns`.
Json make_table(const ApiResource& resource, std::span<const Json* const> objects, WallTime now,
                IncludeObject include = IncludeObject::kMetadata, bool with_columns = true,
                std::string_view version = "v1");

/// A duration as kubectl writes it: "5s", "3m20s", "47h", "5d3h", "2y10d"; "<invalid>" if it is below minus
/// one second.
std::string human_duration(std::chrono::seconds span);
/// human_duration() from `then` to `now`, without overflow.
std::string human_age(WallTime then, WallTime now);

/// {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/<version>", "metadata": …} of an object.
Json partial_metadata(const Json& object, std::string_view version = "v1");

}  // namespace edgecore::kube
