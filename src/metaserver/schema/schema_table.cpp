// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/schema_table.hpp"

#include <algorithm>
#include <utility>

namespace edgecore::metaserver {
namespace {

/// Takes the text before `end` off the front, and `end` with it.
std::string_view take_until(std::string_view& text, std::string_view end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + end.size(), text.size()));
  return taken;
}

bool is_field(std::string_view text) {
  return text.starts_with("  ");
}

/// Takes the lines of fields off the front.
std::string_view take_fields(std::string_view& text) {
  const std::string_view from = text;
  while (is_field(text)) take_until(text, "\n");
  return from.substr(0, from.size() - text.size());
}

}  // namespace

std::vector<FieldRow> TypeRow::fields() const {
  std::vector<FieldRow> found;
  std::string_view rest = lines;
  while (!rest.empty()) {
    std::string_view line = take_until(rest, "\n").substr(2);
    FieldRow row;
    row.name = take_until(line, " ");
    row.required = row.name.ends_with('!');
    if (row.required) row.name.remove_suffix(1);
    row.type = take_until(line, ": ");
    row.description = line;
    found.push_back(row);
  }
  return found;
}

SchemaTable::SchemaTable() {
  for (const std::string_view text : {kCoreFields, kGroupFields, kKubeEdgeFields}) read(text);
}

void SchemaTable::read(std::string_view text) {
  TypeRow row;
  while (!text.empty()) {
    std::string_view line = take_until(text, "\n");
    if (!line.starts_with(' ')) {
      row.package = line;
      continue;
    }
    line.remove_prefix(1);
    row.is_kind = take_until(line, " ") == "kind";
    const std::string name = std::string(row.package) + "." + std::string(take_until(line, ": "));
    row.description = line;
    row.lines = take_fields(text);
    types_.emplace(name, row);
  }
}

const TypeRow* SchemaTable::find(std::string_view definition) const {
  const auto found = types_.find(definition);
  return found == types_.end() ? nullptr : &found->second;
}

std::string full_name(std::string_view package, std::string_view type) {
  if (type.find('.') == type.npos) return std::string(package) + "." + std::string(type);
  const char* where = type.starts_with("meta.") ? "io.k8s.apimachinery.pkg.apis." : "io.k8s.api.";
  return where + std::string(type);
}

}  // namespace edgecore::metaserver
