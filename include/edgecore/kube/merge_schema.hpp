// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace edgecore::kube {

struct MergeSchema;

/// How strategic merge treats a list: replace it whole, merge elements by a key, or merge it as a set of
/// scalars.
enum class ListStrategy : std::uint8_t { kAtomic, kByKey, kPrimitives };

/// A field of a Kubernetes type with a merge rule of its own.
struct MergeField {
  std::string_view name;
  const MergeSchema* type = nullptr;  ///< of the object or of the list's elements; nullptr: default rules
  ListStrategy list = ListStrategy::kAtomic;
  std::string_view merge_key = {};  ///< for kByKey
  bool retain_keys = false;         ///< one-of structure: every patch of it carries `$retainKeys`
};

/// The fields of one type with merge rules. All other lists are replaced whole, all other objects merged.
struct MergeSchema {
  std::span<const MergeField> fields = {};
  [[nodiscard]] const MergeField* find(std::string_view name) const;
};

/// The schema of a kind: Pod, Node, the workloads that hold a pod template, Service, ServiceAccount,
/// Namespace, PersistentVolumeClaim. Other kinds have only the merge keys of metadata.
const MergeSchema& merge_schema(std::string_view kind);

}  // namespace edgecore::kube
