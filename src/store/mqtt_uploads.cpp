// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/mqtt_uploads.hpp"

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::mqtt_uploads {
namespace {

/// SQLite's overhead per row, roughly.
constexpr std::size_t kRowBytes = 64;

}  // namespace

std::size_t weight(const Row& row) {
  return row.topic.size() + row.payload.size() + kRowBytes;
}

std::int64_t add(Transaction& into, const Row& row) {
  if (row.payload.size() > kMaxPayloadBytes) {
    throw BadInput("a message on " + log::quote(row.topic) + " of " + std::to_string(row.payload.size()) +
                   " bytes is too large for the cloud (at most " + std::to_string(kMaxPayloadBytes) + ")");
  }
  auto statement = into.connection().prepare(sql::kUploadAdd);
  statement.bind(static_cast<std::int64_t>(weight(row))).bind(unix_millis(row.time));
  statement.bind(row.topic).bind(row.payload);
  std::int64_t id = 0;
  while (statement.step()) id = statement.integer(0);
  return id;
}

std::size_t remove(Transaction& from, std::int64_t id) {
  auto statement = from.connection().prepare(sql::kUploadRemove);
  statement.bind(id);
  std::size_t bytes = 0;
  while (statement.step()) bytes = static_cast<std::size_t>(statement.integer(0));
  return bytes;
}

Total remove_oldest(Transaction& from, std::size_t bytes) {
  Total gone;
  while (gone.bytes < bytes) {
    std::int64_t oldest = 0;
    {
      auto statement = from.connection().prepare(sql::kUploadOldest);
      if (!statement.step()) break;
      oldest = statement.integer(0);
    }
    gone.bytes += remove(from, oldest);
    ++gone.messages;
  }
  return gone;
}

std::vector<Row> list(const Source& from, std::int64_t after_id, std::size_t max_rows,
                      std::size_t max_bytes) {
  auto statement = from.connection().prepare(sql::kUploadList);
  statement.bind(after_id).bind(static_cast<std::int64_t>(max_rows));
  std::vector<Row> rows;
  std::size_t bytes = 0;
  while (bytes < max_bytes && statement.step()) {
    rows.push_back({statement.integer(0), statement.text(3), statement.text(4),
                    WallTime(std::chrono::milliseconds(statement.integer(2)))});
    bytes += static_cast<std::size_t>(statement.integer(1));
  }
  return rows;
}

Total total(const Source& from) {
  auto statement = from.connection().prepare(sql::kUploadTotal);
  if (!statement.step()) return {};
  return {static_cast<std::size_t>(statement.integer(0)), static_cast<std::size_t>(statement.integer(1))};
}

}  // namespace edgecore::store::mqtt_uploads
