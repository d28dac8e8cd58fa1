// SPDX-License-Identifier: Apache-2.0
#include "edgehub/outstanding.hpp"

#include <algorithm>

#include "edgecore/beehive/names.hpp"

namespace edgecore::edgehub {

void Outstanding::sent(const beehive::Message& sent, SteadyTime now) {
  const auto& operation = sent.route.operation;
  if (operation == names::operation::kResponse || operation == names::operation::kError ||
      operation == names::operation::kUpload || operation == names::operation::kKeepalive ||
      operation == names::operation::kUpdateNodeActionStatus) {
    return;
  }
  waiting_[sent.header.id] = {beehive::Message{sent.header, sent.route, nullptr, 0}, now};
}

bool Outstanding::answered(const std::string& parent_id) {
  return waiting_.erase(parent_id) > 0;
}

std::optional<SteadyTime> Outstanding::oldest_after(SteadyTime heard) const {
  std::optional<SteadyTime> oldest;
  for (const auto& [id, entry] : waiting_) {
    if (entry.at <= heard) continue;
    if (!oldest || entry.at < *oldest) oldest = entry.at;
  }
  return oldest;
}

void Outstanding::forget_before(SteadyTime before) {
  std::erase_if(waiting_, [&](const auto& item) { return item.second.at < before; });
}

std::vector<beehive::Message> Outstanding::drain() {
  std::vector<beehive::Message> all;
  all.reserve(waiting_.size());
  for (auto& [id, entry] : waiting_) all.push_back(std::move(entry.envelope));
  waiting_.clear();
  return all;
}

}  // namespace edgecore::edgehub
