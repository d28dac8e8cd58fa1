// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/info.hpp"

#include <cstdint>

#include "edgecore/base/ascii.hpp"
#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::info {
namespace {

constexpr std::string_view kResyncNeeded = "resync_needed";   // set by schema.cpp
constexpr std::string_view kClockFloor = "wall_clock_floor";  // seconds since the epoch, decimal

}  // namespace

std::optional<std::string> find(const Source& from, std::string_view key) {
  auto statement = from.connection().prepare(sql::kInfoFind);
  if (!statement.bind(key).step()) return std::nullopt;
  return statement.text(0);
}

void set(Transaction& into, std::string_view key, std::string_view value) {
  auto statement = into.connection().prepare(sql::kInfoSet);
  statement.bind(key).bind(value).run();
}

bool remove(Transaction& from, std::string_view key) {
  auto statement = from.connection().prepare(sql::kInfoRemove);
  return statement.bind(key).run() > 0;
}

bool resync_needed(const Source& from) {
  return find(from, kResyncNeeded).has_value();
}

void clear_resync_needed(Transaction& into) {
  remove(into, kResyncNeeded);
}

std::optional<WallTime> wall_clock_floor(const Source& from) {
  const auto text = find(from, kClockFloor);
  if (!text) return std::nullopt;
  const auto seconds = to_number<std::int64_t>(*text);
  // An unreadable or absurd value is no floor at all; the next one replaces it.
  constexpr std::int64_t year_2200 = 7258118400;
  if (!seconds || *seconds < 0 || *seconds > year_2200) return std::nullopt;
  return WallTime(std::chrono::seconds(*seconds));
}

void raise_wall_clock_floor(Transaction& into, WallTime reached) {
  const auto floor = wall_clock_floor(into);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(reached).time_since_epoch();
  if (floor && floor->time_since_epoch() >= seconds) return;
  set(into, kClockFloor, std::to_string(seconds.count()));
}

}  // namespace edgecore::store::info
