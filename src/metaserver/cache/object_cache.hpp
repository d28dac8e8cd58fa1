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

/// The collections that are in use, each read from the database when it is first asked for, then kept up by
/// what metamanager says and by what the cloud answers. Owns what is written to `meta_v2` for those answers.
/// Belongs to the module's thread.
class ObjectCache {
 public:
  ObjectCache(store::Store& store, const store::Reader& reader, kube::ApiResources& resources,
              log::Logger log);
  ObjectCache(const ObjectCache&) = delete;
  ObjectCache& operator=(const ObjectCache&) = delete;
  ~ObjectCache();

  /// The collection of a resource. Reads the database when it was not open; rows that are no objects are left
  /// out.
  Collection& open(const kube::ApiResourcePtr& resource);
  /// nullptr when it is not open.
  [[nodiscard]] Collection* opened(std::string_view group, std::string_view version, std::string_view plural);

  /// What metamanager has stored or removed, by its key in `meta_v2`. Nothing happens for resources that are
  /// not open.
  void changed(std::string_view key, std::string_view text);
  void removed(std::string_view key, std::string_view uid, std::uint64_t version);

  /// What the cloud answered. Both in the collection, as far as it is news, and on the way to the database.
  void keep(Collection& collection, const ObjectPtr& object);
  void keep(Collection& collection, const std::vector<ObjectPtr>& objects);
  void drop(Collection& collection, const ObjectPtr& object, std::uint64_t version);

  /// Called for every object that has come or changed (`gone` false) or went, also when it is loaded.
  using Observer = std::function<void(const ObjectPtr& object, bool gone)>;
  /// Opens the collection and watches it from the beginning.
  void observe(const kube::ApiResourcePtr& resource, Observer observer);

  /// Gives back collections that nobody has asked for since `before` and nobody watches.
  void close_unused(SteadyTime before);
  void used(const Collection& collection, SteadyTime now);

  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t objects() const;
  [[nodiscard]] std::size_t collections() const { return open_.size(); }

 private:
  struct Open {
    std::unique_ptr<Collection> collection;
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
