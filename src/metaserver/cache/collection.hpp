// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "edgecore/kube/api_resources.hpp"
#include "metaserver/cache/cached_object.hpp"

namespace edgecore::metaserver {

/// Between which versions of the cluster an object was deleted, both included.
struct DeletionTime {
  static constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t earliest = 0;
  std::uint64_t latest = kUnknown;

  /// The highest version that the DELETED event may show: whatever is stored later under that name is newer.
  [[nodiscard]] std::uint64_t limit() const { return latest == kUnknown ? earliest : latest; }
};

/// A change of one object of a collection.
struct Event {
  enum class Type : std::uint8_t { kAdded, kModified, kDeleted, kMark };
  Type type = Type::kMark;
  std::uint64_t position = 0;  ///< the version by which lists and bookmarks name the position behind it
  ObjectPtr object;            ///< the new state; of kDeleted the last one. Null for a mark
  ObjectPtr before;            ///< the state before, for kModified
  DeletionTime deleted;        ///< for kDeleted
  /// The whole line as a watch sends it. Made for the first watch and shared by the others.
  mutable std::shared_ptr<const std::string> line;

  /// A watch can be resumed from the version of the object. If not, only from `position`.
  [[nodiscard]] bool is_resumable() const { return !object || object->version() == position; }
};

/// All objects of one resource that this node knows, and a ring with the last changes (docs/metaserver.md
/// "Versions and positions"). Owned by the ObjectCache, on the module's thread. Does nothing by itself.
class Collection {
 public:
  struct Limits {
    std::size_t events = 2048;
    std::size_t old_bytes = std::size_t{2} << 20;  ///< of states that only the ring holds
    std::size_t deleted = 4096;                    ///< names whose deletion is remembered
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
  /// Raised by every change of the objects. A rendered list is valid as long as this stays the same.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

  /// Puts an object in without an event: a row of the database, when the collection is opened.
  void load(ObjectPtr object);
  /// All rows are loaded. `floor`: the highest version in the database, of any resource.
  void loaded(std::uint64_t floor);

  /// Takes a state of an object, whoever sent it. False if it is not newer than the stored state, or the
  /// object is known to be deleted.
  bool store(ObjectPtr object);
  /// Replaces the stored state by another one of the same version (the node's own pods without a
  /// connection). Lists and gets show it, watches do not. False if that version is not stored, or is equal.
  bool overlay(ObjectPtr object);
  /// A message says that the object was deleted. An empty uid fits any. `version`: the message's, which is
  /// the deletion's or the object's last; 0 if there is none. False if the object is not here, has another
  /// uid, or its uid is unknown and its version newer.
  bool remove(std::string_view ns, std::string_view name, std::string_view uid, std::uint64_t version);
  /// A list of this version does not contain the object. False if it is not here any more or is newer.
  bool remove_missing(const CachedObject& object, std::uint64_t version);
  /// A list of the cloud's of this version was stored.
  void mark(std::uint64_t version);

  /// The version that names the current position, for lists.
  [[nodiscard]] std::uint64_t resume_version() const { return current_; }

  /// Where a watch is in the ring. It does not get changes up to version `above`, if that is not 0.
  struct Position {
    std::uint64_t sequence = 0;
    std::uint64_t above = 0;
    bool lost = false;
  };
  [[nodiscard]] Position now() const { return {first_ + ring_.size(), 0}; }
  /// The position that `version` names. A version above all that were seen comes from a list that the cloud
  /// answered. nullopt: the position is not known (any more), so that the client has to list again.
  [[nodiscard]] std::optional<Position> behind(std::uint64_t version) const;
  /// The next event, and moves the position behind it; nullptr at the end, or if lost().
  [[nodiscard]] const Event* next(Position& position) const;
  /// The ring has lost events that a watch at this position needs.
  [[nodiscard]] bool lost(const Position& position) const {
    return position.lost || position.sequence < first_;
  }
  /// The version that names a position within the ring, for bookmarks.
  [[nodiscard]] std::uint64_t resume_version_at(const Position& position) const;

  /// A client gets resume_version(). Until then the version at which the collection was opened can only come
  /// from a client of the process before this one, and is answered 410.
  void set_position_sent() { position_sent_ = true; }

  /// Called after each change, until the returned handle is given to `unsubscribe`.
  using Subscriber = std::list<std::function<void()>>::iterator;
  Subscriber subscribe(std::function<void()> on_change);
  void unsubscribe(Subscriber who);
  [[nodiscard]] std::size_t subscribers() const { return subscribers_.size(); }

 private:
  /// The position that a version names.
  struct Place {
    std::uint64_t sequence = 0;  ///< of the newest event with this version
    bool is_unique = true;       ///< false: for several positions, or for one that is forgotten
    bool is_known = false;       ///< the cluster gave this version to an object of this collection
  };
  struct Gone {
    std::string uid;            ///< of the last deleted object
    std::uint64_t version = 0;  ///< later objects of that name are newer
  };
  void add(ObjectPtr object);
  void modify(Objects::iterator at, ObjectPtr object);
  void append(Event event, std::uint64_t version, Place place);
  void append_deleted(const ObjectPtr& object, DeletionTime when);
  [[nodiscard]] std::uint64_t claim(std::uint64_t version, Place place);
  [[nodiscard]] std::uint64_t unused_version(std::uint64_t after, std::uint64_t up_to) const;
  [[nodiscard]] std::uint64_t earliest_deletion(std::uint64_t last) const;
  void trim();
  void drop_oldest();
  void replace(Objects::iterator at, ObjectPtr object);
  void take_out(Objects::iterator at, DeletionTime when);
  void remember_deletion(std::string_view ns, std::string_view name, std::string_view uid,
                         std::uint64_t version);
  [[nodiscard]] bool is_deleted(const CachedObject& object) const;

  kube::ApiResourcePtr resource_;
  Limits limits_;
  Objects objects_;
  std::size_t bytes_ = 0;
  std::uint64_t revision_ = 0;
  std::uint64_t newest_ = 0;  ///< the highest version seen

  std::deque<Event> ring_;
  std::uint64_t first_ = 0;  ///< sequence of ring_.front()
  std::size_t old_bytes_ = 0;
  std::uint64_t current_ = 0;  ///< names the position behind the newest event; always in places_ and unique
  std::unordered_map<std::uint64_t, Place> places_;  ///< the versions of the events in the ring
  std::unordered_set<std::uint64_t> versions_;       ///< of the objects that are here
  std::uint64_t forgotten_ = 0;                      ///< the highest version that left the ring
  std::uint64_t opened_at_ = 0;                      ///< names the position at opening
  bool position_sent_ = false;

  std::unordered_map<std::string, Gone> gone_;  ///< by "<namespace>/<name>"
  std::deque<std::string> gone_order_;          ///< oldest first
  std::list<std::function<void()>> subscribers_;
};

}  // namespace edgecore::metaserver
