// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/store/source.hpp"

/// Table `edgecore_mqtt_uploads` (ours alone): MQTT messages of this node for the cloud's rules, oldest
/// first, until the cloud has them (protocol/04-devices.md §1.4, §5.3).
namespace edgecore::store::mqtt_uploads {

/// Longest payload of a row.
constexpr std::size_t kMaxPayloadBytes = 1U << 20U;

struct Row {
  std::int64_t id = 0;  ///< rises with each row, never given again; `add` ignores it
  std::string topic;
  std::string payload;  ///< the bytes as published; need not be UTF-8
  WallTime time;        ///< when it was received; whole milliseconds are kept
  bool operator==(const Row&) const = default;
};

/// What rows amount to. `bytes` is the sum of their weights.
struct Total {
  std::size_t messages = 0;
  std::size_t bytes = 0;
  bool operator==(const Total&) const = default;
};

/// What a row counts for against a budget of bytes: topic, payload and what the database adds.
[[nodiscard]] std::size_t weight(const Row& row);

/// Appends the message and returns its id. Throws BadInput for a payload that is too long.
std::int64_t add(Transaction& into, const Row& row);
/// The weight of the row that was removed; 0 when there was none.
std::size_t remove(Transaction& from, std::int64_t id);
/// Removes the oldest rows until at least `bytes` have gone, and returns what went.
Total remove_oldest(Transaction& from, std::size_t bytes);

/// In the order in which they were added, those behind `after_id`: at most `max_rows`, and no more once
/// `max_bytes` have come together (the first one comes whatever its weight).
[[nodiscard]] std::vector<Row> list(const Source& from, std::int64_t after_id, std::size_t max_rows,
                                    std::size_t max_bytes);
/// Reads the whole table: for the start.
[[nodiscard]] Total total(const Source& from);

}  // namespace edgecore::store::mqtt_uploads
