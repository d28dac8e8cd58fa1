// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/openapi_schemas.hpp"

#include <array>
#include <utility>

namespace edgecore::metaserver {
namespace {

using kube::ApiResource;

constexpr const char* kObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

Json open_object() {
  return {{"type", "object"}};
}

/// Values that are written in a form of their own, with the names by which clients show them.
struct NamedValue {
  std::string_view word;  // in the tables
  std::string_view definition;
  std::string_view format;
  bool can_be_number;
};
constexpr auto kNamedValues = std::to_array<NamedValue>({
    {"time", "io.k8s.apimachinery.pkg.apis.meta.v1.Time", "date-time", false},
    {"microtime", "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", "date-time", false},
    {"quantity", "io.k8s.apimachinery.pkg.api.resource.Quantity", "", true},
    {"intstr", "io.k8s.apimachinery.pkg.util.intstr.IntOrString", "int-or-string", true},
});

/// Clients of version 2 take numbers for strings.
Json value_schema(OpenApi style, const NamedValue& value) {
  Json schema = Json::object();
  if (value.can_be_number && style == OpenApi::kV3) {
    const char* number = value.word == "intstr" ? "integer" : "number";
    schema["oneOf"] = Json::array({{{"type", number}}, {{"type", "string"}}});
  } else {
    schema["type"] = "string";
  }
  if (!value.format.empty()) schema["format"] = value.format;
  return schema;
}

struct PlainValue {
  std::string_view word, type, format;
};
constexpr auto kPlainValues = std::to_array<PlainValue>({{"any", "", ""},
                                                         {"object", "object", ""},
                                                         {"string", "string", ""},
                                                         {"bool", "boolean", ""},
                                                         {"bytes", "string", "byte"},
                                                         {"int32", "integer", "int32"},
                                                         {"int64", "integer", "int64"},
                                                         {"double", "number", "double"}});

Json plain_schema(const PlainValue& value) {
  Json schema = Json::object();
  if (!value.type.empty()) schema["type"] = value.type;
  if (!value.format.empty()) schema["format"] = value.format;
  return schema;
}

template <typename Row, std::size_t Count>
const Row* row_named(const std::array<Row, Count>& rows, std::string_view word) {
  for (const Row& row : rows)
    if (row.word == word) return &row;
  return nullptr;
}

/// How strategic merge patches treat a field; its type without the mark.
std::string_view take_strategy(std::string_view type, Json& schema) {
  if (type.starts_with('&')) {
    schema["x-kubernetes-patch-strategy"] = "retainKeys";
    return type.substr(1);
  }
  if (!type.starts_with('[') || type.starts_with("[]")) return type;
  const bool retains = type[type.find(']') - 1] == '&';
  const std::string_view key = type.substr(1, type.find(']') - 1 - (retains ? 1 : 0));
  schema["x-kubernetes-patch-strategy"] = retains ? "merge,retainKeys" : "merge";
  if (key != "*") schema["x-kubernetes-patch-merge-key"] = key;
  return type;
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

void Definitions::add_kind(const ApiResource& resource) {
  const std::string name = definition_name(resource);
  Json own = resource.schema ? kube::stored_json(*resource.schema) : Json();
  if (own.is_object()) {
    made_[name] = custom_schema(resource, std::move(own));
  } else {
    add(name);
  }
  Json& schema = made_[name];
  schema["x-kubernetes-group-version-kind"] = Json::array({type_of(resource)});
  if (!schema.contains("description"))
    schema["description"] = resource.kind + " of " + resource.api_version() + ".";
}

Json Definitions::take() {
  Json all = Json::object();
  for (auto& [name, schema] : std::exchange(made_, {})) all[name] = std::move(schema);
  return all;
}

/// A type that the tables do not have is an open object.
void Definitions::add(const std::string& definition) {
  const auto [at, is_new] = made_.try_emplace(definition, open_object());
  if (!is_new) return;
  if (const TypeRow* row = table_.find(definition)) at->second = object_schema(*row);
}

Json Definitions::object_schema(const TypeRow& row) {
  Json schema = open_object();
  if (!row.description.empty()) schema["description"] = row.description;
  Json& properties = schema["properties"] = Json::object();
  if (row.is_kind) add_common(properties);
  for (const FieldRow& field : row.fields()) {
    properties[std::string(field.name)] = field_schema(row, field);
    if (field.required) schema["required"].push_back(field.name);
  }
  return schema;
}

Json Definitions::field_schema(const TypeRow& of, const FieldRow& field) {
  Json beside = Json::object();
  Json schema = schema_of(of, take_strategy(field.type, beside));
  if (!field.description.empty()) beside["description"] = field.description;
  // In version 3, what stands beside a reference is ignored.
  if (style_ == OpenApi::kV3 && schema.contains("$ref") && !beside.empty())
    schema = {{"allOf", Json::array({std::move(schema)})}};
  schema.update(beside);
  return schema;
}

Json Definitions::schema_of(const TypeRow& of, std::string_view type) {
  if (type.starts_with("{}"))
    return {{"type", "object"}, {"additionalProperties", schema_of(of, type.substr(2))}};
  if (type.starts_with('['))
    return {{"type", "array"}, {"items", schema_of(of, type.substr(type.find(']') + 1))}};
  if (const PlainValue* plain = row_named(kPlainValues, type)) return plain_schema(*plain);
  if (const NamedValue* named = row_named(kNamedValues, type)) {
    const std::string definition(named->definition);
    made_.try_emplace(definition, value_schema(style_, *named));
    return reference_to(style_, definition);
  }
  return reference(full_name(of.package, type));
}

Json Definitions::reference(const std::string& definition) {
  add(definition);
  return reference_to(style_, definition);
}

/// apiVersion, kind and metadata, which all objects have.
void Definitions::add_common(Json& properties) {
  Json metadata = reference(kObjectMeta);
  if (style_ == OpenApi::kV3) metadata = {{"allOf", Json::array({std::move(metadata)})}};
  metadata["description"] = "What identifies and describes the object.";
  properties["apiVersion"] = {{"type", "string"},
                              {"description", "Group and version of the object's schema."}};
  properties["kind"] = {{"type", "string"}, {"description", "What the object is."}};
  properties["metadata"] = std::move(metadata);
}

Json Definitions::custom_schema(const ApiResource& resource, Json schema) {
  schema["type"] = "object";
  if (Json& properties = schema["properties"]; !properties.is_object()) properties = Json::object();
  const bool open = keeps_unknown(schema) || kube::object_or_empty(schema, "properties").empty();
  if (style_ == OpenApi::kV3) {
    add_common(schema["properties"]);
    return schema;
  }
  Json out = open_object();
  const std::string description = kube::string_or(schema, "description");
  out["description"] =
      description.empty() ? resource.kind + " of " + resource.api_version() + "." : description;
  if (open) return out;
  Json& properties = out["properties"];
  for (const auto& [name, field] : schema["properties"].items()) properties[name] = simplified(field);
  add_common(properties);
  return out;
}

}  // namespace edgecore::metaserver
