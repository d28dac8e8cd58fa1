// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>

#include "edgecore/kube/api_resources.hpp"
#include "metaserver/cache/cached_object.hpp"

namespace edgecore::metaserver {

/// One thing that happened to an object of a collection.
struct Event {
  enum class Type : std::uint8_t { kAdded, kModified, kDeleted, kMark };
  Type type = Type::kMark;
  std::uint64_t token = 0;  ///< the version that stands for the position behind it
  ObjectPtr object;         ///< as it is now; of kDeleted its last state. Null for a mark
  ObjectPtr before;         ///< what it was, for kModified
  /// The line of a watch that is sent whole, made when the first watcher wants it.
  mutable std::shared_ptr<const std::string> line;
};

/// All objects of one resource that this node knows, and the ring of what happened to them last
/// (docs/metaserver.md "Versions and positions"). Passive; one thread.
class Collection {
 public:
  struct Limits {
    std::size_t events = 2048;
    std::size_t old_bytes = std::size_t{2} << 20;  ///< of states that only the ring holds on to
    std::size_t deleted = 4096;  ///< UIDs remembered, so that no late message brings them back
  };
  explicit Collection(kube::ApiResourcePtr resource);
  Collection(kube::ApiResourcePtr resource, Limits limits);
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;

  using Objects = std::set<ObjectPtr, ObjectOrder>;
  [[nodiscard]] const kube::ApiResourcePtr& resource() const { return resource_; }
  [[nodiscard]] const Objects& objects() const { return objects_; }
  [[nodiscard]] ObjectPtr find(std::string_view ns, std::string_view name) const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Raised by every change of the objects: a list made of them is good as long as it stays.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

  /// Puts an object in without an event: what the database held when the collection was opened.
  void load(ObjectPtr object);
  /// The position to begin with when all is loaded; `floor` when there is no object.
  void loaded(std::uint64_t floor);

  /// Takes in a state of an object from anywhere. False when it is no news: not newer than what is here, or
  /// of an object that was deleted.
  bool store(ObjectPtr object);
  /// Another state of the same version (this node knows more than the cloud): lists and gets show it, watches
  /// do not. False when that version is not here or says the same.
  bool overlay(ObjectPtr object);
  /// The object is gone. An empty uid fits any. `version`: of the deletion, 0 when it is not known. False
  /// when it is not here, or is another one or newer.
  bool remove(std::string_view ns, std::string_view name, std::string_view uid, std::uint64_t version);
  /// A list of the cloud's of this version was taken in.
  void mark(std::uint64_t version);

  /// The version that stands for now, for lists and bookmarks.
  [[nodiscard]] std::uint64_t token() const;
  /// The highest version seen.
  [[nodiscard]] std::uint64_t newest() const { return newest_; }
  [[nodiscard]] bool was_deleted(std::string_view uid) const { return deleted_.contains(std::string(uid)); }

  /// Where a watch is in the ring. Events of versions up to `above` are not for it.
  struct Position {
    std::uint64_t sequence = 0;
    std::uint64_t above = 0;
  };
  [[nodiscard]] Position now() const { return {first_ + ring_.size(), 0}; }
  /// Behind everything a client has seen that got `version` from us, or from elsewhere when it is above all
  /// seen here. nullopt: not known (any more), the client has to list again.
  [[nodiscard]] std::optional<Position> behind(std::uint64_t version) const;
  /// What comes next and moves the position on; nullptr when there is nothing yet.
  [[nodiscard]] const Event* next(Position& position) const;
  /// The ring has lost events that a watch at this position has not seen.
  [[nodiscard]] bool lost(const Position& position) const { return position.sequence < first_; }
  /// The version that stands for a position within the ring.
  [[nodiscard]] std::uint64_t token_at(const Position& position) const;

  /// A client was told `token()`. Until that happens a version from before this collection was opened is no
  /// position.
  void told() { told_ = true; }

  /// Called after each change, until the returned handle is given to `unsubscribe`.
  using Subscriber = std::list<std::function<void()>>::iterator;
  Subscriber subscribe(std::function<void()> on_change);
  void unsubscribe(Subscriber who);
  [[nodiscard]] std::size_t subscribers() const { return subscribers_.size(); }

 private:
  void append(Event::Type type, std::uint64_t token, ObjectPtr object, ObjectPtr before);
  void append_deleted(const ObjectPtr& object, std::uint64_t version);
  [[nodiscard]] bool is_token(std::uint64_t version) const { return tokens_.contains(version); }
  [[nodiscard]] std::uint64_t version_of_deletion(std::uint64_t after, std::uint64_t up_to) const;
  void trim();
  void drop_oldest();
  void replace(Objects::iterator at, ObjectPtr object);
  void forget_uid(std::string_view uid);

  kube::ApiResourcePtr resource_;
  Limits limits_;
  Objects objects_;
  std::size_t bytes_ = 0;
  std::uint64_t revision_ = 0;
  std::uint64_t newest_ = 0;

  std::deque<Event> ring_;
  std::uint64_t first_ = 0;  ///< sequence of ring_.front()
  std::size_t old_bytes_ = 0;
  std::uint64_t last_token_ = 0;  ///< of the newest event, also when the ring has let it go
  std::unordered_set<std::uint64_t> tokens_;
  std::unordered_set<std::uint64_t> versions_;  ///< of the objects that are here
  std::uint64_t opened_at_ = 0;                 ///< token of the position at opening
  bool told_ = false;

  std::deque<std::string> deleted_order_;
  std::unordered_set<std::string> deleted_;
  std::list<std::function<void()>> subscribers_;
};

}  // namespace edgecore::metaserver
