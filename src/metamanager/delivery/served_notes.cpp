// SPDX-License-Identifier: Apache-2.0
#include "metamanager/delivery/served_notes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace edgecore::metamanager {

bool ServedNotes::add(std::string_view key, std::optional<Removal> removal) {
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(key);
  const std::size_t more = (known == by_key_.end() ? 1U : 0U) + (removal ? 1U : 0U);
  if (more > 0 && count_ + more > most_) return false;
  count_ += more;
  if (known == by_key_.end()) {
    notes_.push_back({std::string(key), {}, 0});
    by_key_.emplace(notes_.back().key, std::prev(notes_.end()));
  }
  Note& note = *by_key_.at(key);
  note.last_change = ++changes_;
  if (removal) note.removals.push_back(*std::move(removal));
  return true;
}

bool ServedNotes::empty() const {
  const std::lock_guard lock(mutex_);
  return notes_.empty();
}

std::optional<ServedNotes::Note> ServedNotes::front() const {
  const std::lock_guard lock(mutex_);
  if (notes_.empty()) return std::nullopt;
  return notes_.front();
}

void ServedNotes::told(const Note& note) {
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(note.key);
  if (known == by_key_.end()) return;
  const auto at = known->second;
  if (at->last_change != note.last_change) {
    // An earlier life of the module may have been late with this.
    const std::size_t done = std::min(note.removals.size(), at->removals.size());
    at->removals.erase(at->removals.begin(), at->removals.begin() + static_cast<std::ptrdiff_t>(done));
    count_ -= done;
    return;
  }
  count_ -= 1 + at->removals.size();
  by_key_.erase(known);
  notes_.erase(at);
}

}  // namespace edgecore::metamanager
