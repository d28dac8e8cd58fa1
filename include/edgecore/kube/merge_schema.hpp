// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace edgecore::kube {

struct MergeSchema;

/// How strategic merge treats a list: replaced whole, merged element by element under a key, or as a set of
/// scalars.
enum class ListStrategy : std::uint8_t { kAtomic, kByKey, kPrimitives };

/// A field of a Kubernetes type that strategic merge treats in its own way.
struct MergeField {
  std::string_view name;
  const MergeSchema* type =
      nullptr;  ///< of the object or of the list's elements; nullptr when it has nothing special
  ListStrategy list = ListStrategy::kAtomic;
  std::string_view merge_key = {};  ///< for kByKey
  bool retain_keys = false;         ///< one-of structure: `$retainKeys` goes with every change of it
};

/// The special fields of one type. What is not listed is replaced whole as a list and merged as an object.
struct MergeSchema {
  std::span<const MergeField> fields = {};
  [[nodiscard]] const MergeField* find(std::string_view name) const;
};

/// The schema of a kind: Pod, Node, the workloads that hold a pod template, Service, ServiceAccount,
/// Namespace, PersistentVolumeClaim. Other kinds have the merge keys of metadata alone.
const MergeSchema& merge_schema(std::string_view kind);

}  // namespace edgecore::kube
