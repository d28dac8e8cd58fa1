// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/meta_v2.hpp"

#include <algorithm>
#include <limits>

#include "edgecore/base/error.hpp"
#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::meta_v2 {
namespace {

constexpr auto kMaxVersion = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

Row row_of(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3), static_cast<std::uint64_t>(row.integer(4)),
          row.text(5)};
}

// The prefix of a resource's keys: "apps/v1, Resource=deployments" gives "/apps/v1/deployments/". nullopt for
// a malformed text.
std::optional<std::string> key_prefix(std::string_view gvr) {
  constexpr std::string_view kSeparator = ", Resource=";
  const auto comma = gvr.find(kSeparator);
  const auto slash = gvr.find('/');
  if (comma == std::string_view::npos || slash == std::string_view::npos || slash > comma)
    return std::nullopt;
  const std::string_view group = gvr.substr(0, slash);
  std::string prefix = "/";
  prefix += group.empty() ? "core" : group;
  prefix += gvr.substr(slash, comma - slash);
  prefix += '/';
  prefix += gvr.substr(comma + kSeparator.size());
  prefix += '/';
  return prefix;
}

/// The keys of one resource are between these two texts.
struct Span {
  std::string begin, end;
};
Span span_of(const std::string& gvr) {
  auto prefix = key_prefix(gvr);
  if (!prefix)
    throw BadInput("\"" + gvr + "\" does not name a resource as <group>/<version>, Resource=<plural>");
  Span span{*prefix, std::move(*prefix)};
  span.end.back() = '/' + 1;  // the first text after all that start with the prefix
  return span;
}

}  // namespace

std::string make_key(std::string_view group, std::string_view version, std::string_view plural,
                     std::string_view name_space, std::string_view name) {
  std::string key;
  for (const std::string_view part :
       {group.empty() ? "core" : group, version, plural, name_space.empty() ? "null" : name_space,
        name.empty() ? "null" : name}) {
    key += '/';
    key += part;
  }
  return key;
}

std::string make_gvr(std::string_view group, std::string_view version, std::string_view plural) {
  std::string gvr(group);
  gvr += '/';
  gvr += version;
  gvr += ", Resource=";
  gvr += plural;
  return gvr;
}

void upsert(Transaction& into, const RowView& row) {
  if (row.resource_version > kMaxVersion) {
    throw BadInput("the resourceVersion of " + std::string(row.key) + " does not fit 63 bits");
  }
  Connection& connection = into.connection();
  auto statement =
      connection.prepare(connection.mirrors_v123 ? sql::kMetaV2UpsertMirrored : sql::kMetaV2Upsert);
  statement.bind(row.key).bind(row.gvr).bind(row.name_space).bind(row.name);
  statement.bind(static_cast<std::int64_t>(row.resource_version)).bind(row.value).run();
}

bool upsert_newer(Transaction& into, const RowView& row) {
  {
    auto stored = into.connection().prepare(sql::kMetaV2Version);
    if (stored.bind(row.key).step() && static_cast<std::uint64_t>(stored.integer(0)) > row.resource_version)
      return false;
  }
  upsert(into, row);
  return true;
}

bool remove_up_to(Transaction& from, std::string_view key, std::uint64_t resource_version) {
  auto statement = from.connection().prepare(sql::kMetaV2RemoveUpTo);
  return statement.bind(key).bind(static_cast<std::int64_t>(std::min(resource_version, kMaxVersion))).run() >
         0;
}

bool remove(Transaction& from, std::string_view key) {
  auto statement = from.connection().prepare(sql::kMetaV2Remove);
  return statement.bind(key).run() > 0;
}

std::optional<Row> find(const Source& from, std::string_view key) {
  auto statement = from.connection().prepare(sql::kMetaV2Find);
  if (!statement.bind(key).step()) return std::nullopt;
  return row_of(statement);
}

std::vector<Row> list(const Source& from, const Query& query) {
  const Span span = span_of(query.gvr);
  const std::string begin = query.after_key > span.begin ? query.after_key : span.begin;
  const std::int64_t limit = query.limit == 0 ? -1 : static_cast<std::int64_t>(query.limit);
  auto statement = from.connection().prepare(sql::kMetaV2List);
  statement.bind(begin).bind(span.end).bind(query.gvr).bind(query.name_space).bind(limit);
  std::vector<Row> rows;
  while (statement.step()) rows.push_back(row_of(statement));
  return rows;
}

std::vector<std::pair<std::string, std::uint64_t>> versions(const Source& from, const std::string& gvr) {
  const Span span = span_of(gvr);
  auto statement = from.connection().prepare(sql::kMetaV2Versions);
  statement.bind(span.begin).bind(span.end).bind(gvr);
  std::vector<std::pair<std::string, std::uint64_t>> rows;
  while (statement.step())
    rows.emplace_back(statement.text(0), static_cast<std::uint64_t>(statement.integer(1)));
  return rows;
}

std::uint64_t max_resource_version(const Source& from) {
  auto statement = from.connection().prepare(sql::kMetaV2MaxVersion);
  return statement.step() ? static_cast<std::uint64_t>(statement.integer(0)) : 0;
}

}  // namespace edgecore::store::meta_v2
