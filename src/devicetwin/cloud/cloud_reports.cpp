// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/cloud/cloud_reports.hpp"

#include <algorithm>
#include <utility>

namespace edgecore::devicetwin {
namespace {

/// Timed-out reports kept in case they are confirmed late.
constexpr std::size_t kLateKept = 256;

}  // namespace

void CloudReports::plan(const std::string& device, State& state, SteadyTime at) {
  schedule_.erase({state.at, device});
  state.at = at;
  if (at != SteadyTime::max()) schedule_.emplace(at, device);
}

void CloudReports::drop_rested(SteadyTime now) {
  while (!resting_.empty() && resting_.begin()->first <= now) {
    devices_.erase(resting_.begin()->second);
    resting_.erase(resting_.begin());
  }
}

void CloudReports::changed(const std::string& device, const std::vector<std::string>& properties,
                           SteadyTime now) {
  State& state = devices_[device];
  resting_.erase({state.earliest, device});
  state.changed.insert(properties.begin(), properties.end());
  state.silent = state.message_id.empty() ? 0 : state.silent;
  ++state.changes;
  if (up_ && state.message_id.empty()) plan(device, state, std::max(now, state.earliest));
}

void CloudReports::forget(const std::string& device) {
  const auto found = devices_.find(device);
  if (found == devices_.end()) return;
  if (!found->second.message_id.empty() && is_rare(found->second)) --rare_under_way_;
  schedule_.erase({found->second.at, device});
  resting_.erase({found->second.earliest, device});
  by_message_.erase(found->second.message_id);
  devices_.erase(found);
}

void CloudReports::set_link(bool up, SteadyTime now) {
  up_ = up;
  by_message_.clear();
  late_.clear();
  rare_under_way_ = 0;
  for (const auto& [at, device] : resting_) devices_.erase(device);
  resting_.clear();
  for (auto& [device, state] : devices_) {
    state.changed.merge(state.under_way);
    state.under_way.clear();
    state.message_id.clear();
    state.silent = 0;
    state.earliest = {};
    plan(device, state, up && !state.changed.empty() ? now : SteadyTime::max());
  }
}

std::optional<CloudReports::Due> CloudReports::next(SteadyTime now) {
  drop_rested(now);
  std::vector<std::string> overdue;
  for (const auto& [id, device] : by_message_)
    if (devices_.find(device)->second.at <= now) overdue.push_back(device);
  for (const std::string& device : overdue) give_up(device, devices_.find(device)->second, now);

  while (!schedule_.empty() && schedule_.begin()->first <= now) {
    const std::string device = schedule_.begin()->second;
    State& state = devices_.find(device)->second;
    if (is_rare(state) && rare_under_way_ >= tuning_.rare) {
      plan(device, state, now + tuning_.answer);  // other silent devices use up the share `rare`
      continue;
    }
    if (!is_rare(state) && by_message_.size() - rare_under_way_ >= tuning_.window) return std::nullopt;
    return Due{device, {state.changed.begin(), state.changed.end()}};
  }
  return std::nullopt;
}

void CloudReports::give_up(const std::string& device, State& state, SteadyTime now) {
  if (is_rare(state)) --rare_under_way_;
  by_message_.erase(state.message_id);
  if (late_.size() >= kLateKept) late_.erase(late_.begin());
  late_[state.message_id] = {device, state.sent_at};
  state.message_id.clear();
  state.changed.merge(state.under_way);
  state.under_way.clear();
  ++state.silent;
  if (!is_rare(state)) return plan(device, state, std::max(now, state.earliest));
  const int doublings = std::min(state.silent - tuning_.attempts, 10);
  plan(device, state, now + std::min(tuning_.first_rare * (1 << doublings), tuning_.last_rare));
}

void CloudReports::sent(const Due& due, const std::string& message_id, SteadyTime now) {
  const auto found = devices_.find(due.device);
  if (found == devices_.end()) return;
  State& state = found->second;
  for (const std::string& property : due.properties) {
    state.changed.erase(property);
    state.under_way.insert(property);
  }
  state.message_id = message_id;
  state.sent_at = state.changes;
  state.earliest = now + tuning_.spacing;
  by_message_[message_id] = due.device;
  if (is_rare(state)) ++rare_under_way_;
  plan(due.device, state, now + tuning_.answer);
}

std::optional<std::string> CloudReports::confirmed(const std::string& message_id, SteadyTime now) {
  if (const auto late = late_.find(message_id); late != late_.end()) {
    const Late report = std::move(late->second);
    late_.erase(late);
    const auto found = devices_.find(report.device);
    // A change since then still has to be reported.
    if (found == devices_.end() || found->second.changes != report.changes) return std::nullopt;
    found->second.under_way.merge(found->second.changed);
    found->second.changed.clear();
    return settle(report.device, found->second, now);
  }
  const auto message = by_message_.find(message_id);
  if (message == by_message_.end()) return std::nullopt;
  const std::string device = message->second;
  return settle(device, devices_.find(device)->second, now);
}

std::optional<std::string> CloudReports::settle(const std::string& device, State& state, SteadyTime now) {
  if (!state.message_id.empty()) {
    if (is_rare(state)) --rare_under_way_;
    by_message_.erase(state.message_id);
    state.message_id.clear();
  }
  state.silent = 0;
  for (const std::string& property : state.under_way) {
    if (state.told_once.erase(property) > 0) {
      shown_.note(device, property);
    } else if (!shown_.is(device, property)) {
      state.told_once.insert(property);
      state.changed.insert(property);
    }
  }
  state.under_way.clear();
  if (!state.changed.empty()) {
    plan(device, state, std::max(now, state.earliest));
    return std::nullopt;
  }
  plan(device, state, SteadyTime::max());
  resting_.emplace(state.earliest, device);
  return device;
}

SteadyTime CloudReports::next_time() const {
  if (schedule_.empty()) return SteadyTime::max();
  if (by_message_.size() - rare_under_way_ < tuning_.window) return schedule_.begin()->first;
  // The window is full: wait for a confirmation or a time-out.
  SteadyTime earliest = SteadyTime::max();
  for (const auto& [id, device] : by_message_)
    earliest = std::min(earliest, devices_.find(device)->second.at);
  return earliest;
}

}  // namespace edgecore::devicetwin
