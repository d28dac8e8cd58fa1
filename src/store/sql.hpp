// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// Every SQL text of the store except the tables' layout (schema.cpp). Upserts end in a WHERE that skips an
/// identical row: then SQLite writes no page, and the commit does not touch the disk.
namespace edgecore::store::sql {

// Transactions. IMMEDIATE takes the lock at the start, where a wait is expected, not in the middle of a job.
constexpr const char* kBegin = "BEGIN IMMEDIATE";
constexpr const char* kBeginRead = "BEGIN";
constexpr const char* kCommit = "COMMIT";
constexpr const char* kRollback = "ROLLBACK";
constexpr const char* kJobBegin = "SAVEPOINT job";
constexpr const char* kJobKeep = "RELEASE job";
constexpr const char* kJobUndo = "ROLLBACK TO job; RELEASE job";

using Text = std::string_view;

// meta
constexpr Text kMetaUpsert =
    "INSERT INTO meta(key, type, value) VALUES(?, ?, ?) ON CONFLICT(key) DO UPDATE SET type = excluded.type, "
    "value = excluded.value WHERE type IS NOT excluded.type OR value IS NOT excluded.value";
constexpr Text kMetaInsert = "INSERT INTO meta(key, type, value) VALUES(?, ?, ?) ON CONFLICT(key) DO NOTHING";
constexpr Text kMetaRemove = "DELETE FROM meta WHERE key = ?";
constexpr Text kMetaFind = "SELECT key, type, value FROM meta WHERE key = ?";
constexpr Text kMetaList = "SELECT key, type, value FROM meta WHERE type = ? ORDER BY key";
constexpr Text kMetaKeys = "SELECT key FROM meta WHERE type = ? ORDER BY key";
constexpr Text kMetaCount = "SELECT count(*) FROM meta";

// meta_v2
constexpr Text kMetaV2Upsert =
    "INSERT INTO meta_v2(key, groupversionresource, namespace, name, resourceversion, value) VALUES(?, ?, ?, "
    "?, ?, ?) "
    "ON CONFLICT(key) DO UPDATE SET groupversionresource = excluded.groupversionresource, "
    "namespace = excluded.namespace, name = excluded.name, resourceversion = excluded.resourceversion, "
    "value = excluded.value "
    "WHERE groupversionresource IS NOT excluded.groupversionresource OR namespace IS NOT excluded.namespace "
    "OR name IS NOT excluded.name OR resourceversion IS NOT excluded.resourceversion "
    "OR value IS NOT excluded.value";
constexpr Text kMetaV2UpsertMirrored =
    "INSERT INTO meta_v2(key, groupversionresource, namespace, name, resourceversion, value, "
    "group_version_resource, "
    "resource_version) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?2, ?5) "
    "ON CONFLICT(key) DO UPDATE SET groupversionresource = excluded.groupversionresource, "
    "namespace = excluded.namespace, name = excluded.name, resourceversion = excluded.resourceversion, "
    "value = excluded.value, group_version_resource = excluded.group_version_resource, "
    "resource_version = excluded.resource_version "
    "WHERE groupversionresource IS NOT excluded.groupversionresource OR namespace IS NOT excluded.namespace "
    "OR name IS NOT excluded.name OR resourceversion IS NOT excluded.resourceversion "
    "OR value IS NOT excluded.value OR group_version_resource IS NOT excluded.group_version_resource "
    "OR resource_version IS NOT excluded.resource_version";
// Versions are global in the cluster: a lower one is an older state of the object, or an earlier object of
// its name.
constexpr Text kMetaV2RemoveUpTo = "DELETE FROM meta_v2 WHERE key = ? AND resourceversion <= ?";
constexpr Text kMetaV2Version = "SELECT resourceversion FROM meta_v2 WHERE key = ?";
constexpr Text kMetaV2Remove = "DELETE FROM meta_v2 WHERE key = ?";
constexpr Text kMetaV2Find =
    "SELECT key, groupversionresource, namespace, name, resourceversion, value FROM meta_v2 WHERE key = ?";
// The keys of one resource are neighbours in the index of the primary key, so another index is not needed.
constexpr Text kMetaV2List =
    "SELECT key, groupversionresource, namespace, name, resourceversion, value FROM meta_v2 "
    "WHERE key > ?1 AND key < ?2 AND groupversionresource = ?3 AND (?4 = '' OR namespace = ?4) "
    "ORDER BY key LIMIT ?5";
constexpr Text kMetaV2Versions =
    "SELECT key, resourceversion FROM meta_v2 WHERE key > ?1 AND key < ?2 AND groupversionresource = ?3 "
    "ORDER BY key";
constexpr Text kMetaV2MaxVersion = "SELECT max(resourceversion) FROM meta_v2";

// device, device_attr, device_twin. NULL and '' are the same.
constexpr Text kDeviceUpsert =
    "INSERT INTO device(id, name, description, state, last_online) VALUES(?, ?, ?, ?, ?) "
    "ON CONFLICT(id) DO UPDATE SET name = excluded.name, description = excluded.description, "
    "state = excluded.state, last_online = excluded.last_online "
    "WHERE ifnull(name, '') <> excluded.name OR ifnull(description, '') <> excluded.description "
    "OR ifnull(state, '') <> excluded.state OR ifnull(last_online, '') <> excluded.last_online";
constexpr Text kDeviceFind = "SELECT id, name, description, state, last_online FROM device WHERE id = ?";
constexpr Text kDeviceList = "SELECT id, name, description, state, last_online FROM device ORDER BY id";
constexpr Text kDeviceRemove = "DELETE FROM device WHERE id = ?";

constexpr Text kAttributeExists = "SELECT 1 FROM device_attr WHERE deviceid = ? AND name = ?";
constexpr Text kAttributeInsert =
    "INSERT INTO device_attr(deviceid, name, description, value, optional, attr_type, metadata) "
    "VALUES(?, ?, ?, ?, ?, ?, ?)";
constexpr Text kAttributeUpdate =
    "UPDATE device_attr SET description = ?3, value = ?4, optional = ?5, attr_type = ?6, metadata = ?7 "
    "WHERE deviceid = ?1 AND name = ?2 AND (ifnull(description, '') <> ?3 OR ifnull(value, '') <> ?4 "
    "OR ifnull(optional, 0) <> ?5 OR ifnull(attr_type, '') <> ?6 OR ifnull(metadata, '') <> ?7)";
constexpr Text kAttributeList =
    "SELECT deviceid, name, description, value, optional, attr_type, metadata FROM device_attr "
    "WHERE ?1 = '' OR deviceid = ?1 ORDER BY deviceid, id";
constexpr Text kAttributeRemove = "DELETE FROM device_attr WHERE deviceid = ? AND name = ?";
constexpr Text kAttributeRemoveAll = "DELETE FROM device_attr WHERE deviceid = ?";

constexpr Text kTwinExists = "SELECT 1 FROM device_twin WHERE deviceid = ? AND name = ?";
constexpr Text kTwinInsert =
    "INSERT INTO device_twin(deviceid, name, description, expected, actual, expected_meta, actual_meta, "
    "expected_version, actual_version, optional, attr_type, metadata) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
    "?, ?)";
constexpr Text kTwinUpdate =
    "UPDATE device_twin SET description = ?3, expected = ?4, actual = ?5, expected_meta = ?6, actual_meta = "
    "?7, "
    "expected_version = ?8, actual_version = ?9, optional = ?10, attr_type = ?11, metadata = ?12 "
    "WHERE deviceid = ?1 AND name = ?2 AND (ifnull(description, '') <> ?3 OR ifnull(expected, '') <> ?4 "
    "OR ifnull(actual, '') <> ?5 OR ifnull(expected_meta, '') <> ?6 OR ifnull(actual_meta, '') <> ?7 "
    "OR ifnull(expected_version, '') <> ?8 OR ifnull(actual_version, '') <> ?9 OR ifnull(optional, 0) <> ?10 "
    "OR ifnull(attr_type, '') <> ?11 OR ifnull(metadata, '') <> ?12)";
constexpr Text kTwinList =
    "SELECT deviceid, name, description, expected, actual, expected_meta, actual_meta, expected_version, "
    "actual_version, optional, attr_type, metadata FROM device_twin "
    "WHERE ?1 = '' OR deviceid = ?1 ORDER BY deviceid, id";
constexpr Text kTwinRemoveAll = "DELETE FROM device_twin WHERE deviceid = ?";

// sub_topics, target_urls
constexpr Text kTopicAdd = "INSERT INTO sub_topics(topic) VALUES(?) ON CONFLICT(topic) DO NOTHING";
constexpr Text kTopicRemove = "DELETE FROM sub_topics WHERE topic = ?";
constexpr Text kTopicList = "SELECT topic FROM sub_topics ORDER BY topic";
constexpr Text kUrlAdd = "INSERT INTO target_urls(url) VALUES(?) ON CONFLICT(url) DO NOTHING";
constexpr Text kUrlRemove = "DELETE FROM target_urls WHERE url = ?";
constexpr Text kUrlFind = "SELECT 1 FROM target_urls WHERE url = ?";
constexpr Text kUrlList = "SELECT url FROM target_urls ORDER BY url";

// edgecore_poison
constexpr Text kPoisonRecord =
    "INSERT INTO edgecore_poison(module, resource, operation, message, reason, time, count) "
    "VALUES(?, ?, ?, ?, ?, ?, 1) ON CONFLICT(module, resource, operation) DO UPDATE SET "
    "count = CASE WHEN message IS excluded.message THEN count + 1 ELSE 1 END, message = excluded.message, "
    "reason = excluded.reason, time = excluded.time RETURNING count";
constexpr Text kPoisonPrune =
    "DELETE FROM edgecore_poison WHERE rowid IN "
    "(SELECT rowid FROM edgecore_poison ORDER BY time DESC, rowid DESC LIMIT -1 OFFSET ?)";
constexpr Text kPoisonFailures =
    "SELECT count FROM edgecore_poison WHERE module = ? AND resource = ? AND operation = ? AND message = ?";
constexpr Text kPoisonRemove =
    "DELETE FROM edgecore_poison WHERE module = ? AND resource = ? AND operation = ?";
constexpr Text kPoisonList =
    "SELECT module, resource, operation, message, reason, time, count FROM edgecore_poison "
    "ORDER BY time DESC, rowid DESC";

// edgecore_offline_writes: at most a thousand rows, so an index is not needed.
constexpr Text kOfflineAdd =
    "INSERT INTO edgecore_offline_writes(key, uid, verb, content_type, body, time) VALUES(?, ?, ?, ?, ?, ?) "
    "RETURNING id";
constexpr Text kOfflineFindDeletion =
    "SELECT id FROM edgecore_offline_writes WHERE uid = ? AND verb = 'delete' ORDER BY id LIMIT 1";
constexpr Text kOfflineRemove = "DELETE FROM edgecore_offline_writes WHERE id = ?";
constexpr Text kOfflineList =
    "SELECT id, key, uid, verb, content_type, body, time FROM edgecore_offline_writes "
    "WHERE id > ? ORDER BY id LIMIT ?";
constexpr Text kOfflineDeletions =
    "SELECT id, key, uid, verb, content_type, body, time FROM edgecore_offline_writes "
    "WHERE verb = 'delete' ORDER BY id";
constexpr Text kOfflineCount = "SELECT count(*) FROM edgecore_offline_writes";
constexpr Text kOfflineHas = "SELECT 1 FROM edgecore_offline_writes WHERE uid = ? LIMIT 1";

// edgecore_unreported, edgecore_mapper_objects
constexpr Text kUnreportedAdd =
    "INSERT INTO edgecore_unreported(deviceid) VALUES(?) ON CONFLICT(deviceid) DO NOTHING";
constexpr Text kUnreportedRemove = "DELETE FROM edgecore_unreported WHERE deviceid = ?";
constexpr Text kUnreportedList = "SELECT deviceid FROM edgecore_unreported ORDER BY deviceid";
constexpr Text kMapperObjectUpsert =
    "INSERT INTO edgecore_mapper_objects(protocol, object, digest) VALUES(?, ?, ?) ON CONFLICT(protocol, "
    "object) "
    "DO UPDATE SET digest = excluded.digest WHERE digest IS NOT excluded.digest";
constexpr Text kMapperObjectRemove = "DELETE FROM edgecore_mapper_objects WHERE protocol = ? AND object = ?";
constexpr Text kMapperObjectList =
    "SELECT protocol, object, digest FROM edgecore_mapper_objects ORDER BY protocol, object";
// edgecore_mqtt_uploads
constexpr Text kUploadAdd =
    "INSERT INTO edgecore_mqtt_uploads(bytes, time, topic, payload) VALUES(?, ?, ?, ?) RETURNING id";
constexpr Text kUploadRemove = "DELETE FROM edgecore_mqtt_uploads WHERE id = ? RETURNING bytes";
constexpr Text kUploadOldest = "SELECT id FROM edgecore_mqtt_uploads ORDER BY id LIMIT 1";
constexpr Text kUploadList =
    "SELECT id, bytes, time, topic, payload FROM edgecore_mqtt_uploads WHERE id > ? ORDER BY id LIMIT ?";
constexpr Text kUploadTotal = "SELECT count(*), ifnull(sum(bytes), 0) FROM edgecore_mqtt_uploads";

// edgecore_info
constexpr Text kInfoSet =
    "INSERT INTO edgecore_info(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = "
    "excluded.value "
    "WHERE value IS NOT excluded.value";
constexpr Text kInfoFind = "SELECT value FROM edgecore_info WHERE key = ?";
constexpr Text kInfoRemove = "DELETE FROM edgecore_info WHERE key = ?";

// Opening and closing.
constexpr const char* kQuickCheck = "PRAGMA quick_check(1)";
constexpr const char* kUseWal = "PRAGMA journal_mode=WAL";
constexpr const char* kLeaveWal = "PRAGMA journal_mode=DELETE";
// FULL: every commit is synced. The WAL file is truncated to 4 MiB after a checkpoint.
constexpr const char* kDurability = "PRAGMA synchronous=FULL; PRAGMA journal_size_limit=4194304";

}  // namespace edgecore::store::sql
