// SPDX-License-Identifier: Apache-2.0
// The few messages of proto/openapi_v2.proto, written by hand: generated code would bring the protobuf
// runtime into a room that has no other use for it.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "metaserver/schema/openapi.hpp"

namespace edgecore::metaserver {
namespace {

/// One message being written.
class Message {
 public:
  void text(unsigned field, std::string_view value) {
    constexpr unsigned kLengthDelimited = 2;
    number(field << 3U | kLengthDelimited);
    number(value.size());
    bytes_.append(value);
  }
  void flag(unsigned field, bool value) {
    number(field << 3U);
    number(value ? 1 : 0);
  }
  void message(unsigned field, const Message& value) { text(field, value.bytes_); }

  /// The members of a JSON object that are there.
  void text_at(unsigned field, const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_string()) text(field, found->get_ref<const std::string&>());
  }
  void texts_at(unsigned field, const Json& object, const char* key) {
    for (const Json& value : kube::array_or_empty(object, key))
      if (value.is_string()) text(field, value.get_ref<const std::string&>());
  }
  void flag_at(unsigned field, const Json& object, const char* key) {
    if (kube::bool_or(object, key, false)) flag(field, true);
  }

  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void number(std::uint64_t value) {
    for (; value > 0x7f; value >>= 7U) bytes_ += static_cast<char>((value & 0x7fU) | 0x80U);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

Message wrapped(unsigned field, const Message& inner) {
  Message out;
  out.message(field, inner);
  return out;
}

Message named(std::string_view name, const Message& value) {
  Message out;
  out.text(1, name);
  out.message(2, value);
  return out;
}

/// Extensions hold YAML, which JSON is.
void add_extensions(Message& into, unsigned field, const Json& object) {
  for (const auto& [key, value] : object.items()) {
    if (!key.starts_with("x-")) continue;
    Message any;
    any.text(2, kube::dump_json(value));
    into.message(field, named(key, any));
  }
}

Message schema(const Json& object) {
  Message out;
  out.text_at(1, object, "$ref");
  out.text_at(2, object, "format");
  out.text_at(4, object, "description");
  out.texts_at(19, object, "required");
  if (const Json* values = kube::find_path(object, "additionalProperties"))
    out.message(21, wrapped(1, schema(*values)));
  if (const std::string type = kube::string_or(object, "type"); !type.empty()) {
    Message item;
    item.text(1, type);
    out.message(22, item);
  }
  if (const Json* items = kube::find_path(object, "items")) out.message(23, wrapped(1, schema(*items)));
  if (const Json& properties = kube::object_or_empty(object, "properties"); !properties.empty()) {
    Message all;
    for (const auto& [name, property] : properties.items()) all.message(1, named(name, schema(property)));
    out.message(25, all);
  }
  add_extensions(out, 31, object);
  return out;
}

Message parameter(const Json& object) {
  const bool in_path = kube::string_or(object, "in") == "path";
  Message own;
  own.flag_at(1, object, "required");
  own.text_at(2, object, "in");
  own.text_at(3, object, "description");
  own.text_at(4, object, "name");
  own.text_at(in_path ? 5 : 6, object, "type");
  own.flag_at(in_path ? 19 : 20, object, "uniqueItems");
  return wrapped(1, wrapped(2, wrapped(in_path ? 4 : 3, own)));
}

Message operation(const Json& object) {
  Message out, responses;
  out.text_at(3, object, "description");
  out.text_at(5, object, "operationId");
  out.texts_at(6, object, "produces");
  out.texts_at(7, object, "consumes");
  for (const Json& one : kube::array_or_empty(object, "parameters")) out.message(8, parameter(one));
  for (const auto& [code, response] : kube::object_or_empty(object, "responses").items()) {
    Message body;
    body.text_at(1, response, "description");
    responses.message(1, named(code, wrapped(1, body)));
  }
  out.message(9, responses);
  add_extensions(out, 13, object);
  return out;
}

Message path_item(const Json& object) {
  Message out;
  for (const auto& [field, method] :
       {std::pair{2U, "get"}, {3U, "put"}, {4U, "post"}, {5U, "delete"}, {8U, "patch"}}) {
    const auto found = object.find(method);
    if (found != object.end()) out.message(field, operation(*found));
  }
  for (const Json& one : kube::array_or_empty(object, "parameters")) out.message(9, parameter(one));
  return out;
}

}  // namespace

std::string openapi_v2_proto(const Json& document) {
  Message out, info, paths, definitions;
  out.text_at(1, document, "swagger");
  info.text_at(1, kube::object_or_empty(document, "info"), "title");
  info.text_at(2, kube::object_or_empty(document, "info"), "version");
  out.message(2, info);
  for (const auto& [path, item] : kube::object_or_empty(document, "paths").items())
    paths.message(2, named(path, path_item(item)));
  out.message(8, paths);
  for (const auto& [name, definition] : kube::object_or_empty(document, "definitions").items())
    definitions.message(1, named(name, schema(definition)));
  out.message(9, definitions);
  return out.take();
}

}  // namespace edgecore::metaserver
