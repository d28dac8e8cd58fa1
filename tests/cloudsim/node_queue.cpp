// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/node_queue.hpp"

#include <algorithm>

#include "cloudsim/cluster.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {
namespace {

bool is_deletion(const beehive::Message& message) {
  return message.route.operation == names::operation::kDelete ||
         kube::find_path(message.content, "metadata.deletionTimestamp") != nullptr;
}

}  // namespace

bool worth_sending(const beehive::Message& message, const beehive::Message* stored,
                   std::optional<std::uint64_t> acked) {
  if (message.route.group != names::group::kResource || uid_of(message.content).empty()) return false;
  const bool deletion = is_deletion(message);
  if (message.header.resource_version.empty() && !deletion) return false;
  if (message.route.operation == names::operation::kResponse ||
      message.route.operation == names::operation::kDelete)
    return true;
  // After a stored deletion nothing is sent for its uid.
  if (stored != nullptr && stored->route.operation == names::operation::kDelete) return false;
  if (deletion) return true;
  const std::uint64_t version = version_number(message.header.resource_version);
  if (stored != nullptr) return version > version_number(stored->header.resource_version);
  return version > acked.value_or(0);
}

NodeQueue::Verdict NodeQueue::offer(Downstream downstream) {
  if (!needs_ack(downstream)) {
    no_ack_.push_back(std::move(downstream.message));
    return Verdict::kNoAck;
  }
  const std::string uid = uid_of(downstream.message.content);
  const auto stored = stored_.find(uid);
  if (!worth_sending(downstream.message, stored == stored_.end() ? nullptr : stored->second.get(),
                     records_.acked(node_, downstream.message)))
    return Verdict::kDropped;
  if (downstream.message.route.operation != names::operation::kResponse)
    records_.open(node_, downstream.message);
  stored_[uid] = std::make_shared<const beehive::Message>(std::move(downstream.message));
  enqueue(uid);
  return Verdict::kQueued;
}

void NodeQueue::enqueue(const std::string& uid) {
  if (!queued_.insert(uid).second) return;
  if (in_hand_ != uid) ready_.push_back(uid);
}

std::optional<beehive::Message> NodeQueue::take_no_ack() {
  if (no_ack_.empty()) return std::nullopt;
  beehive::Message message = std::move(no_ack_.front());
  no_ack_.pop_front();
  return message;
}

std::optional<std::string> NodeQueue::take(SteadyTime now) {
  for (auto held = held_.begin(); held != held_.end();) {
    if (held->second <= now) {
      ready_.push_back(held->first);
      held = held_.erase(held);
    } else {
      ++held;
    }
  }
  if (ready_.empty()) return std::nullopt;
  std::string uid = ready_.front();
  ready_.pop_front();
  queued_.erase(uid);
  in_hand_ = uid;
  return uid;
}

std::optional<SteadyTime> NodeQueue::due() const {
  std::optional<SteadyTime> first;
  for (const auto& [uid, when] : held_) {
    if (!first || when < *first) first = when;
  }
  return first;
}

std::shared_ptr<const beehive::Message> NodeQueue::message(const std::string& uid) const {
  const auto stored = stored_.find(uid);
  return stored == stored_.end() ? nullptr : stored->second;
}

void NodeQueue::finish(const std::string& uid) {
  in_hand_.reset();
  if (queued_.contains(uid)) ready_.push_back(uid);
}

void NodeQueue::acknowledged(const std::string& uid, const beehive::Message& message) {
  records_.acknowledge(node_, message);
  failures_.erase(uid);
  const auto stored = stored_.find(uid);
  if (message.route.operation == names::operation::kDelete && stored != stored_.end() &&
      stored->second->header.id == message.header.id)
    stored_.erase(stored);
  finish(uid);
}

void NodeQueue::gave_up(const std::string& uid, SteadyTime now) {
  using namespace std::chrono_literals;
  const int failures = failures_[uid]++;
  finish(uid);
  if (!queued_.insert(uid).second) return;
  held_[uid] = now + std::min<std::chrono::milliseconds>(5ms * (1LL << std::min(failures, 18)), 1'000'000ms);
}

void NodeQueue::resend_everything() {
  for (const auto& [uid, message] : stored_) enqueue(uid);
}

}  // namespace edgecore::cloudsim
