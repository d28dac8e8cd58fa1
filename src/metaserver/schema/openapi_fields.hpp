// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "edgecore/kube/api_resources.hpp"

namespace edgecore::metaserver {

/// The type of a field of an object. The insides of objects are left open.
enum class FieldType { kAny, kObject, kStrings, kObjects, kTexts, kText, kFlag, kInteger, kTime };

/// A field of a kind beside apiVersion, kind and metadata.
struct Field {
  std::string_view name;
  FieldType type;
  std::string_view description;
  /// How strategic merge patches treat a list: "" replaces it, "*" joins texts, else the key of its objects.
  std::string_view merge_key = {};
};

/// The schema of a built-in kind.
struct KindFields {
  std::string_view group, kind;
  std::string_view description;
  std::span<const Field> fields;  ///< all that its objects can have at the top
};

/// nullptr if not all fields of the kind are known; its schema stays open.
const KindFields* known_fields(const kube::ApiResource& resource);

/// The fields of ObjectMeta.
std::span<const Field> metadata_fields();

}  // namespace edgecore::metaserver
