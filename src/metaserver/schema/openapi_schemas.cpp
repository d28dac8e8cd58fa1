// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/openapi_schemas.hpp"

#include "metaserver/schema/openapi_fields.hpp"

namespace edgecore::metaserver {
namespace {

using kube::ApiResource;

Json open_object() {
  return {{"type", "object"}};
}

Json field_schema(const Field& field) {
  Json schema = {{"description", field.description}};
  switch (field.type) {
    case FieldType::kAny:
      break;
    case FieldType::kObject:
      schema["type"] = "object";
      break;
    case FieldType::kStrings:
      schema["type"] = "object";
      schema["additionalProperties"] = {{"type", "string"}};
      break;
    case FieldType::kObjects:
      schema["type"] = "array";
      schema["items"] = open_object();
      break;
    case FieldType::kTexts:
      schema["type"] = "array";
      schema["items"] = {{"type", "string"}};
      break;
    case FieldType::kText:
      schema["type"] = "string";
      break;
    case FieldType::kFlag:
      schema["type"] = "boolean";
      break;
    case FieldType::kInteger:
      schema["type"] = "integer";
      schema["format"] = "int64";
      break;
    case FieldType::kTime:
      schema["type"] = "string";
      schema["format"] = "date-time";
      break;
  }
  if (!field.merge_key.empty()) schema["x-kubernetes-patch-strategy"] = "merge";
  if (!field.merge_key.empty() && field.merge_key != "*")
    schema["x-kubernetes-patch-merge-key"] = field.merge_key;
  return schema;
}

/// apiVersion, kind and metadata, which all objects have.
void add_common(OpenApi style, Json& properties) {
  Json metadata = reference_to(style, kObjectMeta);
  if (style == OpenApi::kV3) metadata = {{"allOf", Json::array({std::move(metadata)})}};
  metadata["description"] = "What identifies and describes the object.";
  properties["apiVersion"] = {{"type", "string"},
                              {"description", "Group and version of the object's schema."}};
  properties["kind"] = {{"type", "string"}, {"description", "What the object is."}};
  properties["metadata"] = std::move(metadata);
}

Json builtin_schema(OpenApi style, const ApiResource& resource) {
  Json schema = open_object();
  const KindFields* known = known_fields(resource);
  if (known == nullptr) {
    schema["description"] = resource.kind + " of " + resource.api_version() + ".";
    return schema;
  }
  schema["description"] = known->description;
  Json& properties = schema["properties"];
  add_common(style, properties);
  for (const Field& field : known->fields) properties[std::string(field.name)] = field_schema(field);
  return schema;
}

bool keeps_unknown(const Json& schema) {
  return kube::bool_or(schema, "x-kubernetes-preserve-unknown-fields", false);
}

/// The part of a CRD's schema that version 2 can express without refusing valid objects: types, and the
/// fields of objects that keep no unknown ones.
Json simplified(const Json& schema) {
  Json out = Json::object();
  const std::string description = kube::string_or(schema, "description");
  if (!description.empty()) out["description"] = description;
  const std::string type = kube::string_or(schema, "type");
  const bool plain = type == "string" || type == "integer" || type == "boolean" || type == "number";
  if (plain || type == "object") out["type"] = type;
  if (type == "object" && !keeps_unknown(schema)) {
    for (const auto& [name, field] : kube::object_or_empty(schema, "properties").items())
      out["properties"][name] = simplified(field);
  }
  if (type != "array") return out;
  out["type"] = "array";
  out["items"] = simplified(kube::object_or_empty(schema, "items"));
  return out;
}

Json custom_schema(OpenApi style, const ApiResource& resource, Json schema) {
  schema["type"] = "object";
  if (Json& properties = schema["properties"]; !properties.is_object()) properties = Json::object();
  const bool open = keeps_unknown(schema) || kube::object_or_empty(schema, "properties").empty();
  if (style == OpenApi::kV3) {
    add_common(style, schema["properties"]);
    return schema;
  }
  Json out = open_object();
  const std::string description = kube::string_or(schema, "description");
  out["description"] =
      description.empty() ? resource.kind + " of " + resource.api_version() + "." : description;
  if (open) return out;
  Json& properties = out["properties"];
  for (const auto& [name, field] : schema["properties"].items()) properties[name] = simplified(field);
  add_common(style, properties);
  return out;
}

/// The groups of Kubernetes are defined in packages of its own.
std::string package_of(const std::string& group) {
  if (group.empty()) return "io.k8s.api.core";
  if (group == "apiextensions.k8s.io") return "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions";
  if (group == "apiregistration.k8s.io") return "io.k8s.kube-aggregator.pkg.apis.apiregistration";
  if (group == "internal.apiserver.k8s.io") return "io.k8s.api.apiserverinternal";
  if (group.find('.') == group.npos || group.ends_with(".k8s.io"))
    return "io.k8s.api." + group.substr(0, group.find('.'));
  std::string reversed, rest = group;
  while (!rest.empty()) {
    const std::size_t dot = rest.rfind('.');
    reversed += (reversed.empty() ? "" : ".") + rest.substr(dot == rest.npos ? 0 : dot + 1);
    rest.resize(dot == rest.npos ? 0 : dot);
  }
  return reversed;
}

}  // namespace

std::string definition_name(const ApiResource& resource) {
  return package_of(resource.group) + "." + resource.version + "." + resource.kind;
}

Json reference_to(OpenApi style, const std::string& definition) {
  const char* where = style == OpenApi::kV2 ? "#/definitions/" : "#/components/schemas/";
  return {{"$ref", where + definition}};
}

Json type_of(const ApiResource& resource) {
  return {{"group", resource.group}, {"version", resource.version}, {"kind", resource.kind}};
}

Json kind_schema(OpenApi style, const ApiResource& resource) {
  Json own = resource.schema ? kube::stored_json(*resource.schema) : Json();
  Json schema =
      own.is_object() ? custom_schema(style, resource, std::move(own)) : builtin_schema(style, resource);
  schema["x-kubernetes-group-version-kind"] = Json::array({type_of(resource)});
  return schema;
}

Json metadata_schema() {
  Json schema = open_object();
  schema["description"] = "What identifies and describes an object.";
  for (const Field& field : metadata_fields())
    schema["properties"][std::string(field.name)] = field_schema(field);
  return schema;
}

}  // namespace edgecore::metaserver
