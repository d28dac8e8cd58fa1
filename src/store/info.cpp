// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/info.hpp"

#include <chrono>
#include <cstdint>

#include "edgecore/base/ascii.hpp"
#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::info {
namespace {

constexpr std::string_view kResyncNeeded = "resync_needed";  // set to "1" by schema.cpp
constexpr std::string_view kOnlyDevices = "devices";         // its value once the pods are back

constexpr std::string_view kTimeFloor = "time_floor";
/// The year 2255: later times would overflow WallTime.
constexpr std::int64_t kLastSecond = 9'000'000'000;

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

std::optional<WallTime> time_floor(const Source& from) {
  const auto text = find(from, kTimeFloor);
  const auto seconds = text ? to_number<std::int64_t>(*text) : std::nullopt;
  if (!seconds || *seconds < 0 || *seconds > kLastSecond) return std::nullopt;
  return WallTime(std::chrono::seconds(*seconds));
}

void set_time_floor(Transaction& into, WallTime passed) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(passed.time_since_epoch());
  set(into, kTimeFloor, std::to_string(seconds.count()));
}

bool resync_needed(const Source& from) {
  const auto value = find(from, kResyncNeeded);
  return value && *value != kOnlyDevices;
}

bool devices_needed(const Source& from) {
  return find(from, kResyncNeeded).has_value();
}

void pods_are_back(Transaction& into) {
  set(into, kResyncNeeded, kOnlyDevices);
}

void clear_resync_needed(Transaction& into) {
  remove(into, kResyncNeeded);
}

}  // namespace edgecore::store::info
