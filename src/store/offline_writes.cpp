// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/offline_writes.hpp"

#include "edgecore/base/error.hpp"
#include "edgecore/store/error.hpp"
#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::offline_writes {
namespace {

Row row_of(const Statement& row) {
  return {row.integer(0),
          row.text(1),
          row.text(2),
          row.text(3),
          row.text(4),
          row.text(5),
          WallTime(std::chrono::milliseconds(row.integer(6)))};
}

std::vector<Row> rows_of(Statement& statement) {
  std::vector<Row> rows;
  while (statement.step()) rows.push_back(row_of(statement));
  return rows;
}

}  // namespace

std::int64_t add(Transaction& into, const Row& row) {
  if (row.body.size() > kMaxBodyBytes) {
    throw BadInput("a write to " + row.key + " of " + std::to_string(row.body.size()) +
                   " bytes is too large to be kept for the cloud (at most " + std::to_string(kMaxBodyBytes) +
                   ")");
  }
  if (row.verb == kDelete) {
    auto there = into.connection().prepare(sql::kOfflineFindDeletion);
    if (there.bind(row.uid).step()) return there.integer(0);
  }
  if (count(into) >= kMaxRows) {
    throw QueueFull(std::to_string(kMaxRows) +
                    " writes wait for the cloud already; retry after they have been sent");
  }
  auto statement = into.connection().prepare(sql::kOfflineAdd);
  statement.bind(row.key).bind(row.uid).bind(row.verb).bind(row.content_type).bind(row.body);
  statement.bind(unix_millis(row.time));
  std::int64_t id = 0;
  while (statement.step()) id = statement.integer(0);
  return id;
}

bool remove(Transaction& from, std::int64_t id) {
  auto statement = from.connection().prepare(sql::kOfflineRemove);
  return statement.bind(id).run() > 0;
}

std::vector<Row> list(const Source& from, std::int64_t after_id, std::size_t limit) {
  auto statement = from.connection().prepare(sql::kOfflineList);
  statement.bind(after_id).bind(limit == 0 ? std::int64_t{-1} : static_cast<std::int64_t>(limit));
  return rows_of(statement);
}

std::size_t count(const Source& from) {
  auto statement = from.connection().prepare(sql::kOfflineCount);
  return statement.step() ? static_cast<std::size_t>(statement.integer(0)) : 0;
}

bool has(const Source& from, std::string_view uid) {
  auto statement = from.connection().prepare(sql::kOfflineHas);
  return statement.bind(uid).step();
}

std::vector<Row> deletions(const Source& from) {
  auto statement = from.connection().prepare(sql::kOfflineDeletions);
  return rows_of(statement);
}

}  // namespace edgecore::store::offline_writes
