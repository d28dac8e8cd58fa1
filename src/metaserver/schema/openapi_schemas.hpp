// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "edgecore/kube/api_resources.hpp"
#include "edgecore/kube/json.hpp"
#include "metaserver/schema/schema_table.hpp"

namespace edgecore::metaserver {

/// The two versions of the format. They differ in the place of definitions and in the keys that may stand
/// beside a reference.
enum class OpenApi { kV2, kV3 };

/// "io.k8s.api.apps.v1.Deployment", "com.example.stable.v1.CronTab".
std::string definition_name(const kube::ApiResource& resource);

/// {"$ref": …} to a definition.
Json reference_to(OpenApi style, const std::string& definition);

/// {"group": …, "kind": …, "version": …}, as extensions have it.
Json type_of(const kube::ApiResource& resource);

/// The definitions of a document: kinds, and all types that they lead to.
class Definitions {
 public:
  Definitions(OpenApi style, const SchemaTable& table) : style_(style), table_(table) {}

  /// The schema of a CRD, the fields of a kind that the tables have, or an open object.
  void add_kind(const kube::ApiResource& resource);
  /// By name: an object, empty afterwards.
  Json take();

 private:
  void add(const std::string& definition);
  Json object_schema(const TypeRow& row);
  Json field_schema(const TypeRow& of, const FieldRow& field);
  Json schema_of(const TypeRow& of, std::string_view type);
  Json reference(const std::string& definition);
  void add_common(Json& properties);
  Json custom_schema(const kube::ApiResource& resource, Json schema);

  OpenApi style_;
  const SchemaTable& table_;
  std::map<std::string, Json> made_;
};

}  // namespace edgecore::metaserver
