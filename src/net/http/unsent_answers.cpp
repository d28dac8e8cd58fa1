// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/unsent_answers.hpp"

#include <algorithm>
#include <utility>

namespace edgecore::net {
namespace {

/// One entry more; the bytes that it adds. Entries of one body differ, because the kernel has taken a part of
/// each: the largest counts, until the last is gone.
template <class Share>
std::size_t join(Share& share, std::size_t bytes) {
  ++share.entries;
  const std::size_t before = std::exchange(share.bytes, std::max(share.bytes, bytes));
  return share.bytes - before;
}

/// One entry less; the bytes that nobody holds any more.
template <class Shares, class Key>
std::size_t leave(Shares& shares, const Key& key) {
  const auto at = shares.find(key);
  if (--at->second.entries > 0) return 0;
  const std::size_t bytes = at->second.bytes;
  shares.erase(at);
  return bytes;
}

}  // namespace

UnsentAnswers::Entry::Entry(UnsentAnswers& all, std::string client, std::size_t bytes, const void* body,
                            std::function<void()> cut, SteadyTime now)
    : all_(all), self_(all.items_.emplace(all.items_.end())) {
  self_->client = std::move(client);
  self_->whole = self_->left = bytes;
  self_->body = body;
  self_->since = now;
  self_->cut = std::move(cut);
  all_.add(*self_);
  all_.enforce(now);
}

void UnsentAnswers::Entry::sent(std::size_t left, SteadyTime now) {
  self_->left = left;
  all_.enforce(now);
}

bool UnsentAnswers::has_room(const std::string& client) const {
  if (in_all_ != 0 && bytes_ > in_all_) return false;
  return !is_above(client);
}

/// Memory is held until the last byte is sent, so that an entry counts as a whole all the time.
void UnsentAnswers::add(const Item& item) {
  const bool is_own = item.body == nullptr;
  bytes_ += is_own ? item.whole : join(bodies_[item.body], item.whole);
  Share& client = by_client_[item.client];
  ++client.entries;
  client.bytes += is_own ? item.whole : join(bodies_of_clients_[{item.client, item.body}], item.whole);
}

void UnsentAnswers::release(Item& item) {
  if (std::exchange(item.is_cut, true)) return;
  const bool is_own = item.body == nullptr;
  bytes_ -= is_own ? item.whole : leave(bodies_, item.body);
  const auto client = by_client_.find(item.client);
  client->second.bytes -= is_own ? item.whole : leave(bodies_of_clients_, std::pair(item.client, item.body));
  if (--client->second.entries == 0) by_client_.erase(client);
}

void UnsentAnswers::remove(Items::iterator item) {
  release(*item);
  items_.erase(item);
}

bool UnsentAnswers::is_above(const std::string& client) const {
  if (per_client_ == 0) return false;
  const auto at = by_client_.find(client);
  return at != by_client_.end() && at->second.bytes > per_client_;
}

void UnsentAnswers::enforce(SteadyTime now) {
  // Runs at each part that is sent, so the usual case does not look through all answers.
  const bool is_any_above = std::ranges::any_of(
      by_client_, [&](const auto& client) { return per_client_ != 0 && client.second.bytes > per_client_; });
  if (!is_any_above && (in_all_ == 0 || bytes_ <= in_all_)) return;
  for (;;) {
    const auto greedy =
        std::ranges::find_if(items_, [&](const Item& item) { return !item.is_cut && is_above(item.client); });
    const bool is_full = in_all_ != 0 && bytes_ > in_all_;
    if (greedy == items_.end() && !is_full) return;
    const auto victim = slowest(greedy == items_.end() ? nullptr : &greedy->client, now);
    if (victim == items_.end()) return;  // all have just begun
    cut(victim);
  }
}

UnsentAnswers::Items::iterator UnsentAnswers::slowest(const std::string* client, SteadyTime now) {
  auto found = items_.end();
  double least = 0;
  for (auto at = items_.begin(); at != items_.end(); ++at) {
    if (at->is_cut || (client != nullptr && at->client != *client) || now - at->since < kGrace) continue;
    const double rate =
        static_cast<double>(at->whole - at->left) / std::chrono::duration<double>(now - at->since).count();
    if (found != items_.end() && rate >= least) continue;
    found = at;
    least = rate;
  }
  return found;
}

void UnsentAnswers::cut(Items::iterator item) {
  release(*item);
  item->cut();
}

}  // namespace edgecore::net
