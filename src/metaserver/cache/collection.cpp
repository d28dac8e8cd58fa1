// SPDX-License-Identifier: Apache-2.0
#include "metaserver/cache/collection.hpp"

#include <algorithm>

namespace edgecore::metaserver {
namespace {

/// How many versions are looked at to find one that is not used.
constexpr unsigned kVersionsTried = 1U << 12U;

std::string name_key(std::string_view ns, std::string_view name) {
  std::string key;
  key.reserve(ns.size() + name.size() + 1);
  key.append(ns).append("/").append(name);
  return key;
}

}  // namespace

Collection::Collection(kube::ApiResourcePtr resource) : Collection(std::move(resource), Limits()) {}

Collection::Collection(kube::ApiResourcePtr resource, Limits limits)
    : resource_(std::move(resource)), limits_(limits) {}

ObjectPtr Collection::find(std::string_view ns, std::string_view name) const {
  const auto found = objects_.find(ObjectOrder::Name(ns, name));
  return found == objects_.end() ? nullptr : *found;
}

void Collection::load(ObjectPtr object) {
  newest_ = std::max(newest_, object->version());
  bytes_ += object->bytes();
  versions_.insert(object->version());
  objects_.insert(std::move(object));
}

void Collection::loaded(std::uint64_t floor) {
  newest_ = std::max(newest_, floor);
  opened_at_ = newest_;
  append({}, newest_, {});
}

bool Collection::store(ObjectPtr object) {
  const auto at = objects_.find(object);
  const ObjectPtr before = at == objects_.end() ? nullptr : *at;
  if (before && object->version() <= before->version()) return false;
  const bool same =
      before && (object->uid() == before->uid() || before->uid().empty() || object->uid().empty());
  if (same) {
    modify(at, std::move(object));
    return true;
  }
  if (is_deleted(*object)) return false;
  if (before) take_out(at, {earliest_deletion(before->version()), object->version() - 1});
  add(std::move(object));
  return true;
}

void Collection::add(ObjectPtr object) {
  bytes_ += object->bytes();
  versions_.insert(object->version());
  objects_.insert(object);
  const std::uint64_t version = object->version();
  Event event;
  event.type = Event::Type::kAdded;
  event.object = std::move(object);
  append(std::move(event), version, {.is_known = true});
}

void Collection::modify(Objects::iterator at, ObjectPtr object) {
  const std::uint64_t version = object->version();
  Event event;
  event.type = Event::Type::kModified;
  event.before = *at;
  event.object = object;
  replace(at, std::move(object));
  append(std::move(event), version, {.is_known = true});
}

bool Collection::overlay(ObjectPtr object) {
  const auto at = objects_.find(object);
  if (at == objects_.end() || (*at)->version() != object->version() || (*at)->uid() != object->uid())
    return false;
  if ((*at)->text() == object->text()) return false;
  replace(at, std::move(object));
  ++revision_;
  return true;
}

void Collection::replace(Objects::iterator at, ObjectPtr object) {
  bytes_ += object->bytes();
  bytes_ -= (*at)->bytes();
  versions_.erase((*at)->version());
  versions_.insert(object->version());
  const auto hint = objects_.erase(at);
  objects_.insert(hint, std::move(object));
}

bool Collection::remove(std::string_view ns, std::string_view name, std::string_view uid,
                        std::uint64_t version) {
  const auto at = objects_.find(ObjectOrder::Name(ns, name));
  const ObjectPtr object = at == objects_.end() ? nullptr : *at;
  const bool is_other = object && !uid.empty() && !object->uid().empty() && object->uid() != uid;
  if (!object || is_other) {
    remember_deletion(ns, name, uid, version);
    return false;
  }
  const std::uint64_t last = object->version();
  if (uid.empty() && version != 0 && last > version) return false;
  take_out(at, {version > last ? version : earliest_deletion(last), DeletionTime::kUnknown});
  if (const auto place = places_.find(version); place != places_.end()) place->second.is_known = true;
  return true;
}

bool Collection::remove_missing(const CachedObject& object, std::uint64_t version) {
  const auto at = objects_.find(ObjectOrder::Name(object.ns(), object.name()));
  if (at == objects_.end() || (*at)->version() > version) return false;
  take_out(at, {earliest_deletion((*at)->version()), version});
  return true;
}

void Collection::take_out(Objects::iterator at, DeletionTime when) {
  const ObjectPtr object = *at;
  remember_deletion(object->ns(), object->name(), object->uid(), when.limit());
  bytes_ -= object->bytes();
  versions_.erase(object->version());
  objects_.erase(at);
  append_deleted(object, when);
}

// The event may show any version from the object's last one to the next one of that name. So that a watch
// can be resumed from it, it takes one that names no other position: the highest up to the one at which the
// object is known to be deleted. The cluster has used that version up, for this deletion or for another
// resource. Without such a version the event shows the last version of the object.
void Collection::append_deleted(const ObjectPtr& object, DeletionTime when) {
  const std::uint64_t last = object->version();
  const std::uint64_t own = unused_version(last, when.limit());
  Event event;
  event.type = Event::Type::kDeleted;
  event.object = own == 0 ? object : CachedObject::with_version(*object, own);
  event.deleted = when;
  append(std::move(event), own == 0 ? last : own, {.is_unique = own != 0});
}

// A deletion has a version of its own, above the object's last one: at the earliest the first one that is not
// known to belong to another object.
std::uint64_t Collection::earliest_deletion(std::uint64_t last) const {
  for (std::uint64_t version = last + 1; version - last <= kVersionsTried; ++version) {
    const auto at = places_.find(version);
    const bool is_of_other = versions_.contains(version) || (at != places_.end() && at->second.is_known);
    if (!is_of_other) return version;
  }
  return last + 1;
}

// A version that left the ring, or from before the collection was opened, may still be the position of a
// client. Such a client has to list again.
std::uint64_t Collection::unused_version(std::uint64_t after, std::uint64_t up_to) const {
  const std::uint64_t lowest = std::max({after, forgotten_, opened_at_});
  std::uint64_t version = up_to;
  for (unsigned tries = 0; version > lowest && tries < kVersionsTried; ++tries, --version)
    if (!places_.contains(version) && !versions_.contains(version)) return version;
  return 0;
}

void Collection::mark(std::uint64_t version) {
  if (!places_.contains(version)) append({}, version, {});
}

void Collection::remember_deletion(std::string_view ns, std::string_view name, std::string_view uid,
                                   std::uint64_t version) {
  const auto [at, made] = gone_.try_emplace(name_key(ns, name));
  at->second.version = std::max(at->second.version, version);
  if (!uid.empty()) at->second.uid = uid;
  if (!made) return;
  gone_order_.push_back(at->first);
  if (gone_order_.size() <= limits_.deleted) return;
  gone_.erase(gone_order_.front());
  gone_order_.pop_front();
}

bool Collection::is_deleted(const CachedObject& object) const {
  if (gone_.empty()) return false;
  const auto at = gone_.find(name_key(object.ns(), object.name()));
  if (at == gone_.end()) return false;
  const bool same = !object.uid().empty() && at->second.uid == object.uid();
  return same || object.version() <= at->second.version;
}

void Collection::append(Event event, std::uint64_t version, Place place) {
  newest_ = std::max(newest_, version);
  place.sequence = first_ + ring_.size();
  event.position = current_ = claim(version, place);
  if (event.before) old_bytes_ += event.before->bytes();
  if (event.type == Event::Type::kDeleted) old_bytes_ += event.object->bytes();
  ring_.push_back(std::move(event));
  ++revision_;
  trim();
  for (auto& notify : subscribers_) notify();
}

// Returns the version that names the position behind an event that shows `version`: that one, unless it
// names another position, or may have done so. Then it names none from now on, because a client that has it
// may be at either, and lists and bookmarks get an unused version.
std::uint64_t Collection::claim(std::uint64_t version, Place place) {
  const auto [at, is_first] = places_.try_emplace(version, place);
  if (is_first && place.is_unique) return version;
  const std::uint64_t name = unused_version(0, newest_);
  if (name == 0) {
    // The position is named like the one before it: a client that resumes gets this event twice. A client
    // that has no position yet gets it once.
    if (!position_sent_) places_.at(current_).sequence = place.sequence;
    return current_;
  }
  place.is_known = place.is_known || at->second.is_known;
  place.is_unique = false;
  at->second = place;
  places_.emplace(name, Place{.sequence = place.sequence});
  return name;
}

void Collection::drop_oldest() {
  const Event& oldest = ring_.front();
  if (oldest.before) old_bytes_ -= oldest.before->bytes();
  if (oldest.type == Event::Type::kDeleted) old_bytes_ -= oldest.object->bytes();
  for (const std::uint64_t version :
       {oldest.position, oldest.object ? oldest.object->version() : oldest.position}) {
    forgotten_ = std::max(forgotten_, version);
    const auto at = places_.find(version);
    if (at != places_.end() && at->second.sequence == first_) places_.erase(at);
  }
  ring_.pop_front();
  ++first_;
}

void Collection::trim() {
  const auto full = [this] { return ring_.size() > limits_.events || old_bytes_ > limits_.old_bytes; };
  // Events that share a position go together: resuming from it begins behind the first of them.
  while (full() && ring_.front().position != current_) {
    const std::uint64_t position = ring_.front().position;
    while (ring_.front().position == position) drop_oldest();
  }
  if (ring_.size() <= 2 * limits_.events) return;
  // Nothing but deletions that share one position: the ring begins anew, and clients behind list again.
  while (!ring_.empty()) drop_oldest();
  places_.clear();
  current_ = newest_;
  places_.emplace(newest_, Place{.sequence = first_});
  Event here;
  here.position = newest_;
  ring_.push_back(std::move(here));
}

std::uint64_t Collection::resume_version_at(const Position& position) const {
  if (position.sequence <= first_ || ring_.empty()) return ring_.empty() ? current_ : ring_.front().position;
  const std::size_t index = std::min<std::size_t>(position.sequence - first_, ring_.size());
  return ring_[index - 1].position;
}

std::optional<Collection::Position> Collection::behind(std::uint64_t version) const {
  const auto at = places_.find(version);
  if (at == places_.end())
    return version > newest_ ? std::optional(Position{first_ + ring_.size(), version}) : std::nullopt;
  const Place& place = at->second;
  if (!place.is_unique || (version == opened_at_ && !position_sent_)) return std::nullopt;
  return Position{place.sequence + 1, 0};
}

const Event* Collection::next(Position& position) const {
  while (position.sequence < first_ + ring_.size() && !lost(position)) {
    const Event& event = ring_[position.sequence - first_];
    ++position.sequence;
    if (event.type == Event::Type::kMark) continue;
    if (position.above == 0 || event.object->version() > position.above) return &event;
    if (event.type != Event::Type::kDeleted || event.deleted.latest <= position.above) continue;
    if (event.deleted.earliest > position.above) return &event;
    position.lost = true;  // the list at `above` may be from before the deletion or after it
  }
  return nullptr;
}

Collection::Subscriber Collection::subscribe(std::function<void()> on_change) {
  subscribers_.push_back(std::move(on_change));
  return std::prev(subscribers_.end());
}

void Collection::unsubscribe(Subscriber who) {
  subscribers_.erase(who);
}

}  // namespace edgecore::metaserver
