// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "edgecore/base/log.hpp"
#include "edgecore/store/store.hpp"
#include "metaserver/cache/collection.hpp"

namespace edgecore::metaserver {

/// One thread uses a collection, so the count of its holders is exact.
using CollectionPtr = std::shared_ptr<Collection>;

/// The collections that are in use. Each is read from the database when it is first asked for, and then
/// updated by metamanager's messages and by the cloud's answers. Stores those answers in `meta_v2`. Owned by
/// the module, on its thread; outlives the requests.
class ObjectCache {
 public:
  ObjectCache(store::Store& store, const store::Reader& reader, kube::ApiResources& resources,
              log::Logger log);
  ObjectCache(const ObjectCache&) = delete;
  ObjectCache& operator=(const ObjectCache&) = delete;
  ~ObjectCache();

  /// The collection of a resource. It stays open, and so up to date, as long as the caller keeps the pointer.
  /// Reads the database if it was not open, without the rows that are no objects.
  CollectionPtr open(const kube::ApiResourcePtr& resource);
  /// The same for a client's request: then it stays open for a while after it (close_unused()).
  CollectionPtr open(const kube::ApiResourcePtr& resource, SteadyTime now);

  /// metamanager stored or removed an object, by its key in `meta_v2`. Does nothing for a collection that is
  /// not open.
  void changed(std::string_view key, std::string_view text);
  void removed(std::string_view key, std::string_view uid, std::uint64_t version);

  /// The cloud answered with these objects: those that are newer than the stored ones go into the collection
  /// and into the database.
  void keep(Collection& collection, const ObjectPtr& object);
  void keep(Collection& collection, const std::vector<ObjectPtr>& objects);
  /// The cloud does not have an object: a list of `list_version` lacks it, or (0) its get answered 404.
  void drop(Collection& collection, const ObjectPtr& object, std::uint64_t list_version);

  /// Called for each object when it is loaded, added or changed (`gone` false), and when it is deleted.
  using Observer = std::function<void(const ObjectPtr& object, bool gone)>;
  /// Opens the collection for good.
  void observe(const kube::ApiResourcePtr& resource, Observer observer);

  /// Closes collections that nobody has asked for since `before`, holds or observes.
  void close_unused(SteadyTime before);

  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t objects() const;
  [[nodiscard]] std::size_t collections() const { return open_.size(); }

 private:
  struct Open {
    CollectionPtr collection;
    std::vector<Observer> observers;
    SteadyTime last_use{};
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  Open& open_entry(const kube::ApiResourcePtr& resource);
  void load(Open& entry);
  bool take(Open& entry, const ObjectPtr& object);
  void finish_removal(const Open& entry, std::string_view key, const ObjectPtr& object,
                      std::uint64_t version);
  void write(store::Job job, std::size_t bytes);
  Open* entry_of(std::string_view group, std::string_view version, std::string_view plural);

  store::Store& store_;
  const store::Reader& reader_;
  kube::ApiResources& resources_;
  log::Logger log_;
  std::unordered_map<std::string, Open, TextHash, std::equal_to<>>
      open_;  ///< by "<group>/<version>/<plural>"
};

}  // namespace edgecore::metaserver
