// SPDX-License-Identifier: Apache-2.0
#include "eventbus/publish_queue.hpp"

#include <algorithm>
#include <utility>

namespace edgecore::eventbus {

bool PublishQueue::push(Publication publication) {
  bytes_ += publication.weight();
  entries_.push_back({std::move(publication), 0});
  const std::uint64_t before = dropped_;
  // The newest message stays, whatever its size.
  while ((entries_.size() > limits_.messages || bytes_ > limits_.bytes) && sent_ + 1 < entries_.size()) {
    erase(sent_);
    ++dropped_;
  }
  return dropped_ == before;
}

void PublishQueue::sent(int id) {
  entries_[sent_].id = id;
  ++sent_;
  ++in_flight_;
}

void PublishQueue::skip() {
  erase(sent_);
}

void PublishQueue::acknowledged(int id) {
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(sent_);
  const auto found = std::find_if(entries_.begin(), end, [&](const Entry& entry) { return entry.id == id; });
  if (id == 0 || found == end) return;
  found->id = 0;
  --in_flight_;
  while (sent_ > 0 && entries_.front().id == 0) {
    erase(0);
    --sent_;
  }
}

void PublishQueue::connection_lost() {
  for (std::size_t i = sent_; i > 0; --i) {
    if (entries_[i - 1].id == 0) erase(i - 1);
  }
  for (Entry& entry : entries_) entry.id = 0;
  sent_ = 0;
  in_flight_ = 0;
}

void PublishQueue::erase(std::size_t index) {
  bytes_ -= entries_[index].publication.weight();
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace edgecore::eventbus
