// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/devices.hpp"

#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::devices {
namespace {

Device device_of(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3), row.text(4)};
}

Attribute attribute_of(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3), row.integer(4) != 0, row.text(5), row.text(6)};
}

Twin twin_of(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3),         row.text(4),  row.text(5),
          row.text(6), row.text(7), row.text(8), row.integer(9) != 0, row.text(10), row.text(11)};
}

void bind(Statement& statement, const Attribute& attribute) {
  statement.bind(attribute.device_id).bind(attribute.name).bind(attribute.description).bind(attribute.value);
  statement.bind(attribute.optional ? 1 : 0).bind(attribute.attr_type).bind(attribute.metadata);
}

void bind(Statement& statement, const Twin& twin) {
  statement.bind(twin.device_id).bind(twin.name).bind(twin.description).bind(twin.expected).bind(twin.actual);
  statement.bind(twin.expected_meta)
      .bind(twin.actual_meta)
      .bind(twin.expected_version)
      .bind(twin.actual_version);
  statement.bind(twin.optional ? 1 : 0).bind(twin.attr_type).bind(twin.metadata);
}

bool exists(Connection& connection, std::string_view query, std::string_view device_id,
            std::string_view name) {
  auto statement = connection.prepare(query);
  return statement.bind(device_id).bind(name).step();
}

bool remove_named(Transaction& from, std::string_view text, std::string_view device_id,
                  std::string_view name) {
  auto statement = from.connection().prepare(text);
  return statement.bind(device_id).bind(name).run() > 0;
}

bool remove_all(Transaction& from, std::string_view text, std::string_view id) {
  auto statement = from.connection().prepare(text);
  return statement.bind(id).run() > 0;
}

}  // namespace

void upsert(Transaction& into, const Device& device) {
  auto statement = into.connection().prepare(sql::kDeviceUpsert);
  statement.bind(device.id)
      .bind(device.name)
      .bind(device.description)
      .bind(device.state)
      .bind(device.last_online);
  statement.run();
}

// The tables have no unique index on (deviceid, name) and must not get one: the Go EdgeCore may have written
// duplicates.
void upsert(Transaction& into, const Attribute& attribute) {
  Connection& connection = into.connection();
  const bool known = exists(connection, sql::kAttributeExists, attribute.device_id, attribute.name);
  auto statement = connection.prepare(known ? sql::kAttributeUpdate : sql::kAttributeInsert);
  bind(statement, attribute);
  statement.run();
}

void upsert(Transaction& into, const Twin& twin) {
  Connection& connection = into.connection();
  const bool known = exists(connection, sql::kTwinExists, twin.device_id, twin.name);
  auto statement = connection.prepare(known ? sql::kTwinUpdate : sql::kTwinInsert);
  bind(statement, twin);
  statement.run();
}

std::optional<Device> find(const Source& from, std::string_view id) {
  auto statement = from.connection().prepare(sql::kDeviceFind);
  if (!statement.bind(id).step()) return std::nullopt;
  return device_of(statement);
}

std::vector<Device> list(const Source& from) {
  auto statement = from.connection().prepare(sql::kDeviceList);
  std::vector<Device> devices;
  while (statement.step()) devices.push_back(device_of(statement));
  return devices;
}

std::vector<Attribute> attributes(const Source& from, std::string_view device_id) {
  auto statement = from.connection().prepare(sql::kAttributeList);
  statement.bind(device_id);
  std::vector<Attribute> found;
  while (statement.step()) found.push_back(attribute_of(statement));
  return found;
}

std::vector<Twin> twins(const Source& from, std::string_view device_id) {
  auto statement = from.connection().prepare(sql::kTwinList);
  statement.bind(device_id);
  std::vector<Twin> found;
  while (statement.step()) found.push_back(twin_of(statement));
  return found;
}

bool remove(Transaction& from, std::string_view id) {
  bool removed = remove_all(from, sql::kTwinRemoveAll, id);
  removed |= remove_all(from, sql::kAttributeRemoveAll, id);
  removed |= remove_all(from, sql::kDeviceRemove, id);
  return removed;
}

bool remove_attribute(Transaction& from, std::string_view device_id, std::string_view name) {
  return remove_named(from, sql::kAttributeRemove, device_id, name);
}

}  // namespace edgecore::store::devices
