// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/info.hpp"

#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::info {
namespace {

constexpr std::string_view kResyncNeeded = "resync_needed";  // set to "1" by schema.cpp
constexpr std::string_view kOnlyDevices = "devices";         // its value once the pods are back

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
