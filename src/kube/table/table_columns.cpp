// SPDX-License-Identifier: Apache-2.0
#include "kube/table/table_columns.hpp"

#include <spdlog/fmt/fmt.h>

#include <utility>

#include "edgecore/kube/table.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::kube {
namespace {

/// KubeEdge's CRDs define no columns: shows the most useful fields.
Columns kubeedge_columns(const ApiResource& resource) {
  if (resource.kind == "Device" && resource.group == "devices.kubeedge.io") {
    return {name_column(), text_column("Model", "spec.deviceModelRef.name"),
            text_column("Node", "spec.nodeName"), text_column("Protocol", "spec.protocol.protocolName", 1),
            age_column()};
  }
  if (resource.group == "reliablesyncs.kubeedge.io") {
    return {name_column(), text_column("Kind", "spec.objectKind"), text_column("Object", "spec.objectName"),
            text_column("Acked", "status.objectResourceVersion"), age_column()};
  }
  return {};
}

/// One requirement of matchExpressions in the string form.
std::string requirement_text(const Json& requirement) {
  const std::string key = string_or(requirement, "key"), op = string_or(requirement, "operator");
  std::string values;
  for (const Json& value : array_or_empty(requirement, "values"))
    values += (values.empty() ? "" : ",") + scalar_text(&value);
  if (op == "Exists") return key;
  if (op == "DoesNotExist") return "!" + key;
  return fmt::format("{} {} ({})", key, op == "NotIn" ? "notin" : "in", values);
}

}  // namespace

Columns columns_of(const ApiResource& resource) {
  if (resource.columns) return custom_columns(*resource.columns);
  if (resource.kind == "Pod" && resource.group.empty()) return pod_columns();
  for (const auto of : {workload_columns, core_columns, network_columns, group_columns, kubeedge_columns}) {
    Columns found = of(resource);
    if (!found.empty()) return found;
  }
  return {name_column(), age_column()};
}

Column name_column() {
  return {"Name", "string",
          0,      [](const Json& object, WallTime) { return string_or(object, "metadata.name"); },
          "name", ""};
}

Column age_column() {
  return {"Age",
          "string",
          0,
          [](const Json& object, WallTime now) { return since(object, "metadata.creationTimestamp", now); },
          "",
          ""};
}

Column text_column(std::string name, std::string path, int priority, std::string absent) {
  return {std::move(name),
          "string",
          priority,
          [path = std::move(path), absent = std::move(absent)](const Json& object, WallTime) {
            std::string text = scalar_text(find_path(object, path));
            return text.empty() ? absent : text;
          },
          "",
          ""};
}

Column number_column(std::string name, std::string path) {
  return {std::move(name),
          "integer",
          0,
          [path = std::move(path)](const Json& object, WallTime) { return int_or(object, path, 0); },
          "",
          ""};
}

Column size_column(std::string name, std::string path) {
  return {std::move(name),
          "string",
          0,
          [path = std::move(path)](const Json& object, WallTime) -> Json {
            const Json* value = find_path(object, path);
            return value != nullptr && value->is_structured() ? value->size() : 0;
          },
          "",
          ""};
}

Column flag_column(std::string name, std::string path, std::string absent) {
  return {std::move(name),
          "string",
          0,
          [path = std::move(path), absent = std::move(absent)](const Json& object, WallTime) -> std::string {
            const Json* value = find_path(object, path);
            if (value == nullptr || !value->is_boolean()) return absent;
            return value->get<bool>() ? "True" : "False";
          },
          "",
          ""};
}

std::string since(const Json& object, std::string_view path, WallTime now) {
  const auto time = time_at(object, path);
  return time ? human_age(*time, now) : "<unknown>";
}

std::string labels_text(const Json& object, std::string_view path) {
  std::string text;
  for (const auto& [key, value] : object_or_empty(object, path).items())
    text += (text.empty() ? "" : ",") + key + "=" + scalar_text(&value);
  return or_none(std::move(text));
}

std::string selector_text(const Json& object, std::string_view path) {
  const Json& selector = object_or_empty(object, path);
  std::string text = labels_text(selector, "matchLabels");
  if (text == "<none>") text.clear();
  for (const Json& requirement : array_or_empty(selector, "matchExpressions"))
    text += (text.empty() ? "" : ",") + requirement_text(requirement);
  return or_none(std::move(text));
}

std::string joined(const Json& object, std::string_view path, std::string_view member,
                   std::string_view separator) {
  std::string text;
  for (const Json& entry : array_or_empty(object, path)) {
    if (!text.empty()) text += separator;
    text += scalar_text(member.empty() ? &entry : find_path(entry, member));
  }
  return text;
}

std::string or_none(std::string text) {
  return text.empty() ? "<none>" : std::move(text);
}

std::string access_modes(const Json& object, std::string_view path) {
  std::string text;
  for (const auto& [mode, shown] :
       {std::pair{"ReadWriteOnce", "RWO"}, std::pair{"ReadOnlyMany", "ROX"},
        std::pair{"ReadWriteMany", "RWX"}, std::pair{"ReadWriteOncePod", "RWOP"}}) {
    for (const Json& held : array_or_empty(object, path)) {
      if (held == mode) {
        text += (text.empty() ? "" : ",") + std::string(shown);
        break;
      }
    }
  }
  return text;
}

std::string scalar_text(const Json* value) {
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? value->get<std::string>() : dump_json(*value);
}

}  // namespace edgecore::kube
