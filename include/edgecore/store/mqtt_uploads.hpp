// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/store/source.hpp"

/// Table `edgecore_mqtt_uploads` (not in the Go EdgeCore): MQTT messages of this node for the cloud's rules,
/// oldest first, until the cloud has them (protocol/04-devices.md §1.4, §5.3).
namespace edgecore::store::mqtt_uploads {

/// Longest payload of a row.
constexpr std::size_t kMaxPayloadBytes = 1U << 20U;

struct Row {
  std::int64_t id = 0;  ///< rises with each row and is never reused; `add` ignores it
  std::string topic;
  std::string payload;  ///< the bytes as published; need not be UTF-8
  WallTime time;        ///< when it was received, stored in milliseconds
  bool operator==(const Row&) const = default;
};

/// Number and total weight of rows.
struct Total {
  std::size_t messages = 0;
  std::size_t bytes = 0;
  bool operator==(const Total&) const = default;
};

/// Size of a row for a budget of bytes: topic, payload and the overhead of the database.
[[nodiscard]] std::size_t weight(const Row& row);

/// Appends the message and returns its id. Throws BadInput for a payload above kMaxPayloadBytes.
std::int64_t add(Transaction& into, const Row& row);
/// Removes a row and returns its weight; 0 if there was none.
std::size_t remove(Transaction& from, std::int64_t id);
/// Removes the oldest rows until at least `bytes` are gone, and returns the total removed.
Total remove_oldest(Transaction& from, std::size_t bytes);

/// The rows after `after_id`, oldest first: at most `max_rows`, and no further row once their weights have
/// reached `max_bytes`.
[[nodiscard]] std::vector<Row> list(const Source& from, std::int64_t after_id, std::size_t max_rows,
                                    std::size_t max_bytes);
/// Reads the whole table: only for the start.
[[nodiscard]] Total total(const Source& from);

}  // namespace edgecore::store::mqtt_uploads
