// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "edgecore/kube/table.hpp"
#include "edgecore/kube/time.hpp"
#include "kube/table/json_path.hpp"
#include "kube/table/table_columns.hpp"

namespace edgecore::kube {
namespace {

/// A value in the type of its column; null if it has another type.
Json typed_cell(const Json& value, const std::string& type, WallTime now) {
  if (type == "integer") {
    const auto whole = to_int(value);
    if (whole) return *whole;
    return value.is_number() ? Json(static_cast<std::int64_t>(value.get<double>())) : Json();
  }
  if (type == "number") return value.is_number() ? value : Json();
  if (type == "boolean") return value.is_boolean() ? value : Json();
  if (type == "date") {
    if (!value.is_string()) return {};
    const auto time = parse_time(value.get_ref<const std::string&>());
    return time ? human_age(*time, now) : "<invalid>";
  }
  return scalar_text(&value);
}

}  // namespace

Columns custom_columns(const Json& definitions) {
  Columns columns = {name_column()};
  for (const Json& definition : definitions) {
    Column column;
    column.name = string_or(definition, "name");
    column.type = string_or(definition, "type", "string");
    column.format = string_or(definition, "format");
    column.description = string_or(definition, "description");
    column.priority = static_cast<int>(std::clamp<std::int64_t>(int_or(definition, "priority", 0), 0, 1000));
    column.cell = [path = JsonPath::parse(string_or(definition, "jsonPath")), type = column.type](
                      const Json& object, WallTime now) -> Json {
      const Json* value = path ? path->first(object) : nullptr;
      return value == nullptr || value->is_null() ? Json() : typed_cell(*value, type, now);
    };
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace edgecore::kube
