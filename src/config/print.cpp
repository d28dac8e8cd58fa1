// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/print.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "config/kubelet_fields.hpp"
#include "config/yaml_tree.hpp"
#include "edgecore/base/ascii.hpp"
#include "edgecore/base/go_duration.hpp"

namespace edgecore::config {
namespace {

using nlohmann::json;  // its objects are sorted by key, as the output must be

template <class Object>
json tree(const Object& object);

template <class Object>
  requires std::is_class_v<Object>
json value(const Object& v) {
  return tree(v);
}
json value(bool v) {
  return v;
}
json value(std::uint8_t v) {
  return v;
}
json value(std::int32_t v) {
  return v;
}
json value(std::int64_t v) {
  return v;
}
json value(double v) {
  return v;
}
json value(const std::string& v) {
  return v;
}
json value(Duration v) {
  return format_go_duration(v);
}
// An empty map is written as null, which empties the default; `{}` would leave it.
json value(const StringMap& v) {
  return v.empty() ? json(nullptr) : json(v);
}
json value(const GateMap& v) {
  return v.empty() ? json(nullptr) : json(v);
}
template <class Type>
json value(const std::optional<Type>& v) {
  return v ? value(*v) : json(nullptr);
}
template <class Type>
json value(const std::vector<Type>& v) {
  json list = v.empty() ? json(nullptr) : json::array();  // the Go agent writes an empty list as null
  for (const Type& item : v) list.push_back(value(item));
  return list;
}
template <class Type>
bool is_zero(const Type& v) {
  if constexpr (requires { v.empty(); }) {
    return v.empty();
  } else if constexpr (requires { v.has_value(); }) {
    return !v.has_value();
  } else if constexpr (std::is_arithmetic_v<Type>) {
    return v == Type{};
  } else {
    return false;
  }
}

template <class Object>
json tree(const Object& object) {
  std::set<std::string> printed;
  const Object defaults;
  fields(defaults, [&](const char* name, const auto& member, Print print, Effect) {
    if (print == Print::kAlways || !is_zero(member)) printed.insert(name);
  });
  json out = json::object();
  fields(object, [&](const char* name, const auto& member, Print, Effect) {
    if (printed.contains(name) || !is_zero(member)) out[name] = value(member);
  });
  return out;
}

/// Characters allowed anywhere in a plain scalar; stricter than YAML, so that every reader agrees.
bool is_plain_char(char c) {
  return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("/._-+:=<>%").find(c) != std::string_view::npos;
}

bool is_safe_plain(std::string_view text) {
  if (text.empty() || text == "<<" || text == "=" || text.starts_with("---") || text.starts_with("..."))
    return false;
  const char first = text.front();
  if (first == '-' || first == ':' || first == '=' || first == '<' || first == '>' || first == '%') {
    // In practice only an address without a host, ":10000", starts with a colon.
    if (first != ':' || text.size() == 1) return false;
  }
  return text.back() != ':' && std::all_of(text.begin(), text.end(), is_plain_char);
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string scalar(const std::string& text) {
  const bool stays_text = std::holds_alternative<std::string>(resolve_plain_scalar(text));
  if (stays_text && is_safe_plain(text)) return text;
  if (!stays_text || has_control(text))
    return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

void write(const json& node, std::size_t indent, std::string& out);

/// Writes the value after "key:" or "- " and ends the line.
void write_scalar(const json& node, std::string& out) {
  out += node.is_string() ? scalar(node.get_ref<const std::string&>()) : node.dump();
  out += '\n';
}

void write_map(const json& node, std::size_t indent, bool first_is_indented, std::string& out) {
  for (const auto& [key, child] : node.items()) {
    if (!first_is_indented) out.append(indent, ' ');
    first_is_indented = false;
    out += scalar(key) + ":";
    if (child.is_object() && !child.empty()) {
      out += '\n';
      write(child, indent + 2, out);
    } else if (child.is_array() && !child.empty()) {
      out += '\n';
      write(child, indent, out);
    } else {
      out += ' ';
      write_scalar(child, out);
    }
  }
}

void write(const json& node, std::size_t indent, std::string& out) {
  if (node.is_object()) {
    write_map(node, indent, false, out);
    return;
  }
  for (const json& item : node) {
    out.append(indent, ' ');
    out += "- ";
    if (item.is_object() && !item.empty()) {
      write_map(item, indent + 2, true, out);
    } else {
      write_scalar(item, out);
    }
  }
}

std::string yaml(const json& node) {
  std::string out;
  write(node, 0, out);
  return out;
}

struct Selection {
  const char* module;
  std::vector<const char*> keys;
};

/// The fields of --minconfig (protocol/06-config-cli-tasks.md §1.3b); edged is printed whole.
const std::array<Selection, 3>& min_selection() {
  static const std::array<Selection, 3> selection{{
      {"deviceTwin", {"dmiSockPath", "enable"}},
      {"edgeHub",
       {"enable", "heartbeat", "httpServer", "tlsCaFile", "tlsCertFile", "tlsPrivateKeyFile", "token",
        "websocket"}},
      {"eventBus",
       {"enable", "mqttMode", "mqttPassword", "mqttPubClientID", "mqttQOS", "mqttRetain",
        "mqttServerExternal", "mqttServerInternal", "mqttSubClientID", "mqttUsername"}},
  }};
  return selection;
}

json select(const json& from, const std::vector<const char*>& keys) {
  json out = json::object();
  for (const char* key : keys) {
    if (const auto found = from.find(key); found != from.end()) out[key] = *found;
  }
  return out;
}

}  // namespace

std::string to_yaml(const EdgeCoreConfig& config) {
  return yaml(tree(config));
}

std::string default_config_text(const EdgeCoreConfig& config) {
  return "# The complete configuration of edgecore with the defaults of this machine.\n"
         "# A file needs to hold only what differs from them: what it leaves out keeps the value shown "
         "here.\n"
         "# docs/configuration.md explains every key.\n"
         "\n" +
         to_yaml(config) + "\n\n";
}

std::string min_config_text(const EdgeCoreConfig& config) {
  const json full = tree(config);
  json out = select(full, {"apiVersion", "kind"});
  out["database"] = select(full.at("database"), {"dataSource"});
  const json& modules = full.at("modules");
  for (const Selection& selection : min_selection()) {
    out["modules"][selection.module] = select(modules.at(selection.module), selection.keys);
  }
  out["modules"]["edged"] = modules.at("edged");
  return "# The settings of edgecore that are changed most often, with the defaults of this machine.\n"
         "# `edgecore --defaultconfig` prints all there are; what a file leaves out keeps its default.\n"
         "# docs/configuration.md explains every key.\n"
         "\n" +
         yaml(out) + "\n\n";
}

}  // namespace edgecore::config
