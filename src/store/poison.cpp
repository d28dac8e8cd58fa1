// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/poison.hpp"

#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::poison {

std::uint64_t record(Transaction& into, const Row& row) {
  std::uint64_t count = 0;
  {
    auto statement = into.connection().prepare(sql::kPoisonRecord);
    const std::string_view text = std::string_view(row.text).substr(0, kMaxTextBytes);
    statement.bind(row.module).bind(row.resource).bind(row.operation).bind(text).bind(row.reason);
    statement.bind(unix_millis(row.time));
    while (statement.step()) count = static_cast<std::uint64_t>(statement.integer(0));
  }
  if (count == 1) {
    auto prune = into.connection().prepare(sql::kPoisonPrune);
    prune.bind(static_cast<std::int64_t>(kMaxRows)).run();
  }
  return count;
}

std::uint64_t failures(const Source& from, std::string_view module, std::string_view resource,
                       std::string_view operation, std::string_view text) {
  auto statement = from.connection().prepare(sql::kPoisonFailures);
  statement.bind(module).bind(resource).bind(operation).bind(text.substr(0, kMaxTextBytes));
  return statement.step() ? static_cast<std::uint64_t>(statement.integer(0)) : 0;
}

bool remove(Transaction& from, std::string_view module, std::string_view resource,
            std::string_view operation) {
  auto statement = from.connection().prepare(sql::kPoisonRemove);
  return statement.bind(module).bind(resource).bind(operation).run() > 0;
}

std::vector<Row> list(const Source& from) {
  auto statement = from.connection().prepare(sql::kPoisonList);
  std::vector<Row> rows;
  while (statement.step()) {
    rows.push_back({statement.text(0), statement.text(1), statement.text(2), statement.text(3),
                    statement.text(4), WallTime(std::chrono::milliseconds(statement.integer(5))),
                    static_cast<std::uint64_t>(statement.integer(6))});
  }
  return rows;
}

}  // namespace edgecore::store::poison
