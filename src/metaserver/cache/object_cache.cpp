// SPDX-License-Identifier: Apache-2.0
#include "metaserver/cache/object_cache.hpp"

#include <array>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/store/meta_v2.hpp"

namespace edgecore::metaserver {
namespace {

namespace meta_v2 = store::meta_v2;

/// Rows read at a time, so that a large resource is never in memory twice.
constexpr std::size_t kPage = 256;

std::string id_of(std::string_view group, std::string_view version, std::string_view plural) {
  std::string id;
  id.reserve(group.size() + version.size() + plural.size() + 2);
  id.append(group).append("/").append(version).append("/").append(plural);
  return id;
}

meta_v2::Row row_of(const kube::ApiResource& resource, const CachedObject& object) {
  meta_v2::Row row;
  row.key = meta_v2::make_key(resource.group, resource.version, resource.plural, object.ns(), object.name());
  row.gvr = meta_v2::make_gvr(resource.group, resource.version, resource.plural);
  row.name_space = object.ns();
  row.name = object.name();
  row.resource_version = object.version();
  row.value = object.text();
  return row;
}

/// null if the row does not hold an object of its name.
ObjectPtr object_of(const meta_v2::Row& row) {
  try {
    ObjectPtr object = CachedObject::make(row.value);
    return object->name() == row.name && object->ns() == row.name_space ? object : nullptr;
  } catch (const BadInput&) {
    return nullptr;
  }
}

}  // namespace

ObjectCache::ObjectCache(store::Store& store, const store::Reader& reader, kube::ApiResources& resources,
                         log::Logger log)
    : store_(store), reader_(reader), resources_(resources), log_(std::move(log)) {}

ObjectCache::~ObjectCache() {
  store_.flush();
}

CollectionPtr ObjectCache::open(const kube::ApiResourcePtr& resource) {
  return open_entry(resource).collection;
}

CollectionPtr ObjectCache::open(const kube::ApiResourcePtr& resource, SteadyTime now) {
  Open& entry = open_entry(resource);
  entry.last_use = now;
  return entry.collection;
}

ObjectCache::Open& ObjectCache::open_entry(const kube::ApiResourcePtr& resource) {
  auto [at, made] = open_.try_emplace(id_of(resource->group, resource->version, resource->plural));
  if (made) {
    at->second.collection = std::make_shared<Collection>(resource);
    load(at->second);
  }
  return at->second;
}

void ObjectCache::load(Open& entry) {
  Collection& collection = *entry.collection;
  const kube::ApiResource& resource = *collection.resource();
  meta_v2::Query query;
  query.gvr = meta_v2::make_gvr(resource.group, resource.version, resource.plural);
  query.limit = kPage;
  std::size_t unusable = 0;
  for (;;) {
    const std::vector<meta_v2::Row> rows = meta_v2::list(reader_, query);
    for (const meta_v2::Row& row : rows) {
      if (ObjectPtr object = object_of(row)) {
        collection.load(std::move(object));
      } else {
        ++unusable;
      }
    }
    if (rows.size() < kPage) break;
    query.after_key = rows.back().key;
  }
  collection.loaded(meta_v2::max_resource_version(reader_));
  if (unusable > 0)
    log_->warn("{} rows of {} in the database are not valid objects and are not served", unusable,
               resource.qualified());
}

ObjectCache::Open* ObjectCache::entry_of(std::string_view group, std::string_view version,
                                         std::string_view plural) {
  std::array<char, 512> buffer{};
  const std::size_t size = group.size() + version.size() + plural.size() + 2;
  if (size > buffer.size()) return nullptr;
  char* end = std::copy(group.begin(), group.end(), buffer.data());
  *end++ = '/';
  end = std::copy(version.begin(), version.end(), end);
  *end++ = '/';
  std::copy(plural.begin(), plural.end(), end);
  const auto at = open_.find(std::string_view(buffer.data(), size));
  return at == open_.end() ? nullptr : &at->second;
}

bool ObjectCache::take(Open& entry, const ObjectPtr& object) {
  if (!entry.collection->store(object)) return false;
  for (const auto& observer : entry.observers) observer(object, false);
  return true;
}

void ObjectCache::changed(std::string_view key, std::string_view text) {
  const auto at = kube::MetaKey::parse(key);
  Open* entry = at ? entry_of(at->group, at->version, at->plural) : nullptr;
  if (entry == nullptr) return;
  try {
    const ObjectPtr object = CachedObject::make_checked(text);
    // An object of the stored version is the node's own knowledge, newer than the cloud's.
    if (!take(*entry, object)) entry->collection->overlay(object);
  } catch (const BadInput& bad) {
    log_->warn("{} is not served: {}", log::quote(key), bad.what());
  }
}

void ObjectCache::removed(std::string_view key, std::string_view uid, std::uint64_t version) {
  const auto at = kube::MetaKey::parse(key);
  Open* entry = at ? entry_of(at->group, at->version, at->plural) : nullptr;
  if (entry == nullptr) return;
  const ObjectPtr object = entry->collection->find(at->name_space, at->name);
  if (entry->collection->remove(at->name_space, at->name, uid, version))
    finish_removal(*entry, key, object, version);
}

void ObjectCache::finish_removal(const Open& entry, std::string_view key, const ObjectPtr& object,
                                 std::uint64_t version) {
  for (const auto& observer : entry.observers) observer(object, true);
  // An answer of the cloud may have been stored after metamanager removed the row.
  const std::uint64_t last = std::max(object->version(), version);
  write([row = std::string(key), last](store::Transaction& from) { meta_v2::remove_up_to(from, row, last); },
        0);
}

void ObjectCache::keep(Collection& collection, const ObjectPtr& object) {
  keep(collection, std::vector<ObjectPtr>{object});
}

void ObjectCache::keep(Collection& collection, const std::vector<ObjectPtr>& objects) {
  const kube::ApiResource& resource = *collection.resource();
  Open* entry = entry_of(resource.group, resource.version, resource.plural);
  if (entry == nullptr) return;
  const auto news = std::make_shared<std::vector<meta_v2::Row>>();
  std::size_t bytes = 0;
  for (const ObjectPtr& object : objects) {
    if (!take(*entry, object)) continue;
    news->push_back(row_of(resource, *object));
    bytes += object->bytes();
  }
  if (news->empty()) return;
  write(
      [news](store::Transaction& into) {
        for (const meta_v2::Row& row : *news) meta_v2::upsert_newer(into, row);
      },
      bytes);
}

void ObjectCache::drop(Collection& collection, const ObjectPtr& object, std::uint64_t list_version) {
  const kube::ApiResource& resource = *collection.resource();
  const Open* entry = entry_of(resource.group, resource.version, resource.plural);
  if (entry == nullptr) return;
  const bool is_removed = list_version == 0
                              ? collection.remove(object->ns(), object->name(), object->uid(), 0)
                              : collection.remove_missing(*object, list_version);
  if (!is_removed) return;
  const std::string key =
      meta_v2::make_key(resource.group, resource.version, resource.plural, object->ns(), object->name());
  finish_removal(*entry, key, object, list_version);
}

void ObjectCache::observe(const kube::ApiResourcePtr& resource, Observer observer) {
  Open& entry = open_entry(resource);
  for (const ObjectPtr& object : entry.collection->objects()) observer(object, false);
  entry.observers.push_back(std::move(observer));
}

void ObjectCache::close_unused(SteadyTime before) {
  std::erase_if(open_, [&](const auto& item) {
    const Open& entry = item.second;
    return entry.observers.empty() && entry.collection.use_count() == 1 && entry.last_use < before;
  });
}

std::size_t ObjectCache::bytes() const {
  std::size_t sum = 0;
  for (const auto& [id, entry] : open_) sum += entry.collection->bytes();
  return sum;
}

std::size_t ObjectCache::objects() const {
  std::size_t sum = 0;
  for (const auto& [id, entry] : open_) sum += entry.collection->objects().size();
  return sum;
}

void ObjectCache::write(store::Job job, std::size_t bytes) {
  const auto log = log_;
  store::Done done = [log](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log->error("cannot store an answer of the cloud, which will be missing offline: {}", error.what());
    }
  };
  store_.submit_and_wait_turn(std::move(job), std::move(done), bytes);
}

}  // namespace edgecore::metaserver
