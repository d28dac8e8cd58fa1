// SPDX-License-Identifier: Apache-2.0
#include "store/schema.hpp"

#include <array>
#include <set>
#include <string>

#include "edgecore/base/error.hpp"
#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store {
namespace {

struct Column {
  const char* name;
  const char* type;  // as in the Go EdgeCore's CREATE TABLE
};

struct Table {
  const char* name;
  std::array<Column, 13> columns;    // unused ones have no name
  const char* constraint = nullptr;  // of the table, after the columns
};

// protocol/02-metamanager.md §1.2, §1.3; protocol/04-devices.md §2.1, §1.6, §5.1.
constexpr std::array kTables = {
    Table{"meta",
          {{{"key", "varchar(256) NOT NULL PRIMARY KEY"},
            {"type", "varchar(32) NOT NULL DEFAULT ''"},
            {"value", "text"}}}},
    Table{"meta_v2",
          {{{"key", "varchar(256) NOT NULL PRIMARY KEY"},
            {"groupversionresource", "varchar(256) NOT NULL DEFAULT ''"},
            {"namespace", "varchar(256) NOT NULL DEFAULT ''"},
            {"name", "varchar(256) NOT NULL DEFAULT ''"},
            {"resourceversion", "bigint unsigned NOT NULL DEFAULT 0"},
            {"value", "text"}}}},
    Table{"device",
          {{{"id", "varchar(64) NOT NULL PRIMARY KEY"},
            {"name", "text"},
            {"description", "text"},
            {"state", "text"},
            {"last_online", "text"}}}},
    Table{"device_attr",
          {{{"id", "integer NOT NULL PRIMARY KEY AUTOINCREMENT"},
            {"deviceid", "text"},
            {"name", "text"},
            {"description", "text"},
            {"value", "text"},
            {"optional", "bool"},
            {"attr_type", "text"},
            {"metadata", "text"}}}},
    Table{"device_twin",
          {{{"id", "integer NOT NULL PRIMARY KEY AUTOINCREMENT"},
            {"deviceid", "text"},
            {"name", "text"},
            {"description", "text"},
            {"expected", "text"},
            {"actual", "text"},
            {"expected_meta", "text"},
            {"actual_meta", "text"},
            {"expected_version", "text"},
            {"actual_version", "text"},
            {"optional", "bool"},
            {"attr_type", "text"},
            {"metadata", "text"}}}},
    Table{"sub_topics", {{{"topic", "text NOT NULL PRIMARY KEY"}}}},
    Table{"target_urls", {{{"url", "text NOT NULL PRIMARY KEY"}}}},
    // Tables that the Go EdgeCore does not have.
    Table{"edgecore_poison",
          {{{"module", "text NOT NULL"},
            {"resource", "text NOT NULL"},
            {"operation", "text NOT NULL"},
            {"message", "text"},
            {"reason", "text"},
            {"time", "bigint NOT NULL DEFAULT 0"},
            {"count", "bigint NOT NULL DEFAULT 0"}}},
          "PRIMARY KEY (module, resource, operation)"},
    Table{"edgecore_offline_writes",
          {{{"id", "integer NOT NULL PRIMARY KEY AUTOINCREMENT"},
            {"key", "text NOT NULL DEFAULT ''"},
            {"uid", "text NOT NULL DEFAULT ''"},
            {"verb", "text NOT NULL DEFAULT ''"},
            {"content_type", "text"},
            {"body", "text"},
            {"time", "bigint NOT NULL DEFAULT 0"}}}},
    Table{"edgecore_unreported", {{{"deviceid", "text NOT NULL PRIMARY KEY"}}}},
    Table{"edgecore_mapper_objects",
          {{{"protocol", "text NOT NULL"}, {"object", "text NOT NULL"}, {"digest", "text"}}},
          "PRIMARY KEY (protocol, object)"},
    // Small columns come first, so that summing `bytes` does not read payloads.
    Table{"edgecore_mqtt_uploads",
          {{{"id", "integer NOT NULL PRIMARY KEY AUTOINCREMENT"},
            {"bytes", "bigint NOT NULL DEFAULT 0"},
            {"time", "bigint NOT NULL DEFAULT 0"},
            {"topic", "text NOT NULL DEFAULT ''"},
            {"payload", "text"}}}},
    Table{"edgecore_info", {{{"key", "text NOT NULL PRIMARY KEY"}, {"value", "text"}}}},
};

std::string create_text(const Table& table) {
  std::string text = std::string("CREATE TABLE `") + table.name + "` (";
  const char* separator = "\n    ";
  for (const Column& column : table.columns) {
    if (column.name == nullptr) break;
    text += std::string(separator) + "`" + column.name + "` " + column.type;
    separator = ",\n    ";
  }
  if (table.constraint != nullptr) text += std::string(separator) + table.constraint;
  return text + "\n)";
}

// Compares names case-insensitively, as SQLite does.
std::set<std::string> columns_of(Connection& connection, const char* table) {
  std::set<std::string> names;
  auto rows = connection.prepare("SELECT lower(name) FROM pragma_table_info(?)");
  rows.bind(std::string_view(table));
  while (rows.step()) names.insert(rows.text(0));
  return names;
}

void bring_into_shape(Connection& connection, const Table& table) {
  const std::set<std::string> present = columns_of(connection, table.name);
  if (present.empty()) {
    connection.execute(create_text(table));
    if (table.name == std::string_view("edgecore_unreported"))
      connection.execute("INSERT INTO edgecore_unreported(deviceid) SELECT id FROM device");
    return;
  }
  for (const Column& column : table.columns) {
    if (column.name == nullptr) break;
    if (present.contains(column.name)) continue;
    if (std::string_view(column.type).find("PRIMARY KEY") != std::string_view::npos) {
      throw Error(std::string("the database has a table ") + table.name + " without its column " +
                  column.name + "; it is not the database of an EdgeCore: check database.dataSource");
    }
    connection.execute(std::string("ALTER TABLE `") + table.name + "` ADD COLUMN `" + column.name + "` " +
                       column.type);
  }
}

// EdgeCore v1.23 writes only its own columns, v1.17 only the old ones (with INSERT OR REPLACE, which empties
// the new ones). We keep both equal. So if they differ and the new one is set, v1.23 wrote the row.
void mirror_v123(Connection& connection) {
  const std::set<std::string> present = columns_of(connection, "meta_v2");
  connection.mirrors_v123 =
      present.contains("group_version_resource") && present.contains("resource_version");
  if (!connection.mirrors_v123) return;
  connection.execute(
      "UPDATE meta_v2 SET groupversionresource = group_version_resource, "
      "resourceversion = ifnull(resource_version, 0) WHERE ifnull(group_version_resource, '') <> '' "
      "AND (groupversionresource <> group_version_resource OR resourceversion <> ifnull(resource_version, "
      "0))");
  connection.execute(
      "UPDATE meta_v2 SET group_version_resource = groupversionresource, resource_version = resourceversion "
      "WHERE ifnull(group_version_resource, '') = '' AND groupversionresource <> ''");
}

}  // namespace

void prepare_schema(Connection& connection) {
  connection.execute(sql::kBegin);
  try {
    for (const Table& table : kTables) bring_into_shape(connection, table);
    mirror_v123(connection);
    // Not unique: the Go EdgeCore may have written duplicates.
    connection.execute("CREATE INDEX IF NOT EXISTS edgecore_device_twin_name ON device_twin(deviceid, name)");
    connection.execute("CREATE INDEX IF NOT EXISTS edgecore_device_attr_name ON device_attr(deviceid, name)");
    connection.execute(
        "INSERT INTO edgecore_info(key, value) VALUES('schema', '1') ON CONFLICT(key) DO NOTHING");
    connection.execute(
        "INSERT INTO edgecore_info(key, value) SELECT 'resync_needed', '1' "
        "WHERE NOT EXISTS (SELECT 1 FROM meta) ON CONFLICT(key) DO NOTHING");
    connection.execute(sql::kCommit);
  } catch (...) {
    if (connection.in_transaction()) connection.execute(sql::kRollback);
    throw;
  }
}

}  // namespace edgecore::store
