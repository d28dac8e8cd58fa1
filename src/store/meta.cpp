// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/meta.hpp"

#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::meta {
namespace {

Row row_of(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2)};
}

}  // namespace

void upsert(Transaction& into, const RowView& row) {
  auto statement = into.connection().prepare(sql::kMetaUpsert);
  statement.bind(row.key).bind(row.type).bind(row.value).run();
}

bool remove(Transaction& from, std::string_view key) {
  auto statement = from.connection().prepare(sql::kMetaRemove);
  return statement.bind(key).run() > 0;
}

std::optional<Row> find(const Source& from, std::string_view key) {
  auto statement = from.connection().prepare(sql::kMetaFind);
  if (!statement.bind(key).step()) return std::nullopt;
  return row_of(statement);
}

std::vector<Row> list(const Source& from, std::string_view type) {
  auto statement = from.connection().prepare(sql::kMetaList);
  statement.bind(type);
  std::vector<Row> rows;
  while (statement.step()) rows.push_back(row_of(statement));
  return rows;
}

std::vector<std::string> keys(const Source& from, std::string_view type) {
  auto statement = from.connection().prepare(sql::kMetaKeys);
  statement.bind(type);
  std::vector<std::string> found;
  while (statement.step()) found.push_back(statement.text(0));
  return found;
}

std::size_t count(const Source& from) {
  auto statement = from.connection().prepare(sql::kMetaCount);
  return statement.step() ? static_cast<std::size_t>(statement.integer(0)) : 0;
}

}  // namespace edgecore::store::meta
