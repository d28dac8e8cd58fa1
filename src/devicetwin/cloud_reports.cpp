#include "devicetwin/cloud_reports.hpp"

#include <algorithm>
#include <utility>

namespace edgecore::devicetwin {

void CloudReports::plan(const std::string& device, State& state, SteadyTime at) {
  schedule_.erase({state.at, device});
  state.at = at;
  if (at != SteadyTime::max()) schedule_.emplace(at, device);
}

void CloudReports::changed(const std::string& device, const std::vector<std::string>& properties,
                           SteadyTime now) {
  const auto [found, made] = devices_.try_emplace(device);
  State& state = found->second;
  if (made) state.at = SteadyTime::max();
  state.changed.insert(properties.begin(), properties.end());
  state.silent = 0;
  if (up_ && state.message_id.empty()) plan(device, state, std::max(now, state.earliest));
}

void CloudReports::forget(const std::string& device) {
  const auto found = devices_.find(device);
  if (found == devices_.end()) return;
  schedule_.erase({found->second.at, device});
  by_message_.erase(found->second.message_id);
  devices_.erase(found);
}

void CloudReports::set_link(bool up, SteadyTime now) {
  up_ = up;
  by_message_.clear();
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
  std::vector<std::string> overdue;
  for (const auto& [id, device] : by_message_)
    if (devices_.find(device)->second.at <= now) overdue.push_back(device);
  for (const std::string& device : overdue) give_up(device, devices_.find(device)->second, now);
  if (by_message_.size() >= tuning_.window) return std::nullopt;
  if (schedule_.empty() || schedule_.begin()->first > now) return std::nullopt;
  const std::string& device = schedule_.begin()->second;
  const State& state = devices_.find(device)->second;
  return Due{device, {state.changed.begin(), state.changed.end()}};
}

void CloudReports::give_up(const std::string& device, State& state, SteadyTime now) {
  by_message_.erase(state.message_id);
  state.message_id.clear();
  state.changed.merge(state.under_way);
  state.under_way.clear();
  ++state.silent;
  const bool again = state.silent < tuning_.attempts;
  plan(device, state, again ? std::max(now, state.earliest) : SteadyTime::max());
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
  state.earliest = now + tuning_.spacing;
  by_message_[message_id] = due.device;
  plan(due.device, state, now + tuning_.answer);
}

std::optional<std::string> CloudReports::confirmed(const std::string& message_id, SteadyTime now) {
  const auto message = by_message_.find(message_id);
  if (message == by_message_.end()) return std::nullopt;
  const std::string device = std::move(message->second);
  by_message_.erase(message);
  State& state = devices_.find(device)->second;
  state.message_id.clear();
  state.silent = 0;
  for (const std::string& property : state.under_way) {
    // The entry that the first report made has no value yet.
    if (state.told_once.erase(property) == 0 && !shown_(device, property)) {
      state.told_once.insert(property);
      state.changed.insert(property);
    }
  }
  state.under_way.clear();
  if (!state.changed.empty()) {
    plan(device, state, std::max(now, state.earliest));
    return std::nullopt;
  }
  schedule_.erase({state.at, device});
  devices_.erase(device);
  return device;
}

SteadyTime CloudReports::next_time() const {
  if (schedule_.empty()) return SteadyTime::max();
  if (by_message_.size() < tuning_.window) return schedule_.begin()->first;
  // The window is full: a confirmation or the end of a report's time makes room.
  SteadyTime earliest = SteadyTime::max();
  for (const auto& [id, device] : by_message_)
    earliest = std::min(earliest, devices_.find(device)->second.at);
  return earliest;
}

}  // namespace edgecore::devicetwin
