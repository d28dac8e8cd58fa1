// SPDX-License-Identifier: Apache-2.0
#include "edgecore/beehive/message.hpp"

#include <limits>

#include "beehive/json_builder.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::beehive {
namespace {

using nlohmann::json;

// Size of a map node: key, value, the tree's links and the allocator's overhead.
constexpr std::size_t kNodeCost = 64;

[[noreturn]] void refuse(const std::string& what) {
  throw BadInput("A message cannot be read: " + what + ".");
}

std::string read_string(const json& part, const char* part_name, const char* name) {
  const auto found = part.find(name);
  if (found == part.end() || found->is_null()) return {};
  if (!found->is_string()) {
    refuse(std::string(part_name) + "." + name + " is of type " + found->type_name() + ", not a string");
  }
  return found->get<std::string>();
}

std::int64_t read_timestamp(const json& header) {
  const auto found = header.find("timestamp");
  if (found == header.end() || found->is_null()) return 0;
  if (!found->is_number_integer()) refuse("header.timestamp is not an integer");
  if (found->is_number_unsigned() &&
      found->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    refuse("header.timestamp is out of range");
  }
  return found->get<std::int64_t>();
}

/// The object member `name` of the envelope; an empty object if absent or null, as in Go's decoder.
json read_part(json& envelope, const char* name) {
  const auto found = envelope.find(name);
  if (found == envelope.end() || found->is_null()) return json::object();
  if (!found->is_object())
    refuse(std::string(name) + " is of type " + found->type_name() + ", not an object");
  return std::move(*found);
}

Header read_header(const json& part) {
  Header header;
  header.id = read_string(part, "header", "msg_id");
  header.parent_id = read_string(part, "header", "parent_msg_id");
  header.timestamp = read_timestamp(part);
  header.resource_version = read_string(part, "header", "resourceversion");
  header.type = read_string(part, "header", "type");
  const auto sync = part.find("sync");
  if (sync != part.end() && !sync->is_null() && !sync->is_boolean()) refuse("header.sync is not a boolean");
  return header;
}

Route read_route(const json& part) {
  Route route;
  route.source = read_string(part, "route", "source");
  route.group = read_string(part, "route", "group");
  route.operation = read_string(part, "route", "operation");
  route.resource = read_string(part, "route", "resource");
  read_string(part, "route", "destination");  // unused, but a wrong type is an error as in Go
  return route;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Appends `"name":"value"`; skips an empty value unless `always`.
void append_member(std::string& out, const char* name, const std::string& value, bool always = false) {
  if (value.empty() && !always) return;
  if (out.back() != '{') out += ',';
  out += '"';
  out += name;
  out += "\":";
  out += dump(json(value));
}

std::size_t weigh_value(const json& value) {
  switch (value.type()) {
    case json::value_t::object: {
      std::size_t sum = kNodeCost;
      for (const auto& [name, member] : value.items()) sum += kNodeCost + name.size() + weigh_value(member);
      return sum;
    }
    case json::value_t::array: {
      std::size_t sum = kNodeCost;
      for (const auto& element : value) sum += weigh_value(element);
      return sum;
    }
    case json::value_t::string:
      return sizeof(json) + sizeof(std::string) + value.get_ref<const std::string&>().size();
    default:
      return sizeof(json);
  }
}

}  // namespace

std::size_t weigh(const Message& message) {
  if (message.weight != 0) return message.weight;
  const Header& header = message.header;
  const Route& route = message.route;
  return sizeof(Message) + header.id.size() + header.parent_id.size() + header.resource_version.size() +
         header.type.size() + route.source.size() + route.group.size() + route.operation.size() +
         route.resource.size() + weigh_value(message.content);
}

MessagePtr share(Message message) {
  message.weight = weigh(message);
  return std::make_shared<const Message>(std::move(message));
}

Message make_message(std::string_view source, std::string_view group, std::string_view operation,
                     std::string_view resource, json content) {
  Message message;
  message.header.id = uuid_v4();
  message.header.timestamp = unix_millis(SystemClock::instance().wall());
  message.route.source = source;
  message.route.group = group;
  message.route.operation = operation;
  message.route.resource = resource;
  message.content = std::move(content);
  return message;
}

Message make_response(const Message& request, json content) {
  Message answer = make_message(request.route.source, request.route.group, names::operation::kResponse,
                                request.route.resource, std::move(content));
  answer.header.parent_id = request.header.id;
  answer.header.type = request.header.type;
  return answer;
}

Message make_error(const Message& request, std::string_view source, std::string_view group, json content) {
  Message answer =
      make_message(source, group, names::operation::kError, request.route.resource, std::move(content));
  answer.header.parent_id = request.header.id;
  return answer;
}

std::string encode(const Message& message) {
  std::string out = "{\"header\":{";
  append_member(out, "msg_id", message.header.id, true);
  append_member(out, "parent_msg_id", message.header.parent_id);
  out += ",\"timestamp\":" + std::to_string(message.header.timestamp);
  append_member(out, "resourceversion", message.header.resource_version);
  append_member(out, "type", message.header.type);
  out += "},\"route\":{";
  append_member(out, "source", message.route.source);
  append_member(out, "group", message.route.group);
  append_member(out, "operation", message.route.operation);
  append_member(out, "resource", message.route.resource);
  out += "},\"content\":";
  out += dump(message.content);
  out += '}';
  return out;
}

Message decode(std::string_view text) {
  JsonBuilder builder;
  // Not strict: the parser stops after the first value.
  if (!json::sax_parse(text.begin(), text.end(), &builder, json::input_format_t::json, false)) {
    refuse(builder.error());
  }
  json& envelope = builder.root();
  if (!envelope.is_object()) {
    refuse(std::string("it is of type ") + envelope.type_name() + ", not an object");
  }
  Message message;
  const json header = read_part(envelope, "header");
  const json route = read_part(envelope, "route");
  message.header = read_header(header);
  message.route = read_route(route);
  if (const auto content = envelope.find("content"); content != envelope.end()) {
    message.content = std::move(*content);
  }
  message.weight = weigh(message);
  return message;
}

std::optional<ResourcePath> parse_resource(std::string_view resource) {
  const auto first = resource.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = resource.find('/', first + 1);
  ResourcePath path;
  path.ns = resource.substr(0, first);
  path.type = resource.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
  if (path.ns.empty() || path.type.empty()) return std::nullopt;
  if (second != std::string_view::npos) {
    path.name = resource.substr(second + 1);
    if (path.name.empty() || path.name.find('/') != std::string::npos) return std::nullopt;
  }
  return path;
}

std::string resource_path(std::string_view ns, std::string_view type, std::string_view name) {
  std::string path(ns.empty() ? "null" : ns);
  path += '/';
  path += type;
  if (!name.empty()) {
    path += '/';
    path += name;
  }
  return path;
}

}  // namespace edgecore::beehive
