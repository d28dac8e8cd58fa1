// SPDX-License-Identifier: Apache-2.0
#include "metaserver/cache/collection.hpp"

#include <algorithm>

namespace edgecore::metaserver {

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
  append(Event::Type::kMark, newest_, nullptr, nullptr);
}

bool Collection::store(ObjectPtr object) {
  const auto at = objects_.find(object);
  if (at == objects_.end()) {
    if (!object->uid().empty() && was_deleted(object->uid())) return false;
    bytes_ += object->bytes();
    newest_ = std::max(newest_, object->version());
    versions_.insert(object->version());
    objects_.insert(object);
    const std::uint64_t version = object->version();
    append(Event::Type::kAdded, version, std::move(object), nullptr);
    return true;
  }
  const ObjectPtr before = *at;
  if (object->version() <= before->version()) return false;
  newest_ = std::max(newest_, object->version());
  const bool successor = object->uid() != before->uid() && !before->uid().empty() && !object->uid().empty();
  if (successor) {
    forget_uid(before->uid());
    append_deleted(before, object->version() - 1);
  }
  replace(at, object);
  const std::uint64_t version = object->version();
  append(successor ? Event::Type::kAdded : Event::Type::kModified, version, std::move(object),
         successor ? nullptr : before);
  return true;
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
  if (at == objects_.end()) {
    if (!uid.empty()) forget_uid(uid);
    return false;
  }
  const ObjectPtr object = *at;
  if (!uid.empty() && !object->uid().empty() && object->uid() != uid) {
    forget_uid(uid);
    return false;
  }
  if (version != 0 && object->version() > version) return false;
  forget_uid(object->uid());
  newest_ = std::max(newest_, version);
  bytes_ -= object->bytes();
  versions_.erase(object->version());
  objects_.erase(at);
  append_deleted(object, version);
  return true;
}

std::uint64_t Collection::version_of_deletion(std::uint64_t after, std::uint64_t up_to) const {
  constexpr std::uint64_t kTries = 1U << 16U;
  std::uint64_t version = up_to;
  for (std::uint64_t tries = 0; version > after && tries < kTries; ++tries, --version)
    if (!is_token(version) && !versions_.contains(version)) return version;
  return 0;
}

void Collection::append_deleted(const ObjectPtr& object, std::uint64_t version) {
  // A deletion needs a version of its own to be a position. Where it is only known to lie between the
  // object's last one and `version` (or the newest seen), one is taken that stands for nothing else: the
  // cluster has used it up, for this deletion or for something else. Without any it shares the position
  // before it: who resumes there is told twice, which harms nobody.
  std::uint64_t token = version_of_deletion(object->version(), version == 0 ? newest_ : version);
  if (token == 0) token = last_token_;
  const bool shown = token == object->version() || token == 0;
  append(Event::Type::kDeleted, token, shown ? object : CachedObject::with_version(*object, token), nullptr);
}

void Collection::mark(std::uint64_t version) {
  newest_ = std::max(newest_, version);
  if (!is_token(version)) append(Event::Type::kMark, version, nullptr, nullptr);
}

void Collection::forget_uid(std::string_view uid) {
  if (uid.empty() || !deleted_.insert(std::string(uid)).second) return;
  deleted_order_.emplace_back(uid);
  if (deleted_order_.size() <= limits_.deleted) return;
  deleted_.erase(deleted_order_.front());
  deleted_order_.pop_front();
}

void Collection::append(Event::Type type, std::uint64_t token, ObjectPtr object, ObjectPtr before) {
  Event event;
  event.type = type;
  // A version that stands for another position already cannot stand for this one too.
  event.token = is_token(token) ? last_token_ : token;
  tokens_.insert(event.token);
  last_token_ = event.token;
  if (before) old_bytes_ += before->bytes();
  if (type == Event::Type::kDeleted) old_bytes_ += object->bytes();
  event.object = std::move(object);
  event.before = std::move(before);
  ring_.push_back(std::move(event));
  ++revision_;
  trim();
  for (auto& notify : subscribers_) notify();
}

void Collection::drop_oldest() {
  const Event& oldest = ring_.front();
  if (oldest.before) old_bytes_ -= oldest.before->bytes();
  if (oldest.type == Event::Type::kDeleted) old_bytes_ -= oldest.object->bytes();
  ring_.pop_front();
  ++first_;
}

void Collection::trim() {
  const auto full = [this](std::size_t factor) {
    return ring_.size() > factor * limits_.events || old_bytes_ > factor * limits_.old_bytes;
  };
  // Events that share a token go together: resuming from it begins behind the first of them.
  while (full(1) && ring_.front().token != last_token_) {
    const std::uint64_t token = ring_.front().token;
    while (ring_.front().token == token) drop_oldest();
    tokens_.erase(token);
  }
  if (!full(2)) return;
  // Nothing but deletions without a version of their own: whoever has not followed lists again.
  while (!ring_.empty()) drop_oldest();
  tokens_.clear();
  last_token_ = newest_;
  tokens_.insert(newest_);
  Event here;
  here.token = newest_;
  ring_.push_back(std::move(here));
}

std::uint64_t Collection::token() const {
  return last_token_;
}

std::uint64_t Collection::token_at(const Position& position) const {
  if (position.sequence <= first_ || ring_.empty()) return ring_.empty() ? last_token_ : ring_.front().token;
  const std::size_t index = std::min<std::size_t>(position.sequence - first_, ring_.size());
  return ring_[index - 1].token;
}

std::optional<Collection::Position> Collection::behind(std::uint64_t version) const {
  if (is_token(version)) {
    const auto at =
        std::find_if(ring_.begin(), ring_.end(), [&](const Event& event) { return event.token == version; });
    if (at == ring_.end()) return std::nullopt;
    const bool from_before = version == opened_at_ && at == ring_.begin() && !told_;
    if (from_before && !objects_.empty()) return std::nullopt;
    return Position{first_ + static_cast<std::uint64_t>(at - ring_.begin()) + 1, 0};
  }
  if (version > newest_) return Position{first_ + ring_.size(), version};
  return std::nullopt;
}

const Event* Collection::next(Position& position) const {
  while (position.sequence < first_ + ring_.size() && position.sequence >= first_) {
    const Event& event = ring_[position.sequence - first_];
    ++position.sequence;
    if (event.type == Event::Type::kMark) continue;
    const bool old_news = event.type != Event::Type::kDeleted && event.object->version() <= position.above;
    if (position.above != 0 && old_news) continue;
    return &event;
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
