// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/cloud/cloud_channel.hpp"

#include <algorithm>
#include <utility>

#include "devicetwin/twin/texts.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/store/awaitable.hpp"
#include "edgecore/store/unreported.hpp"

namespace edgecore::devicetwin {
namespace {

namespace op = names::operation;

constexpr std::chrono::seconds kLinkAnswer{5};
/// Pause before the next try while edgehub's queue is full.
constexpr std::chrono::milliseconds kBusy{10};

}  // namespace

CloudChannel::CloudChannel(Parts parts)
    : parts_(std::move(parts)),
      reports_({.spacing = parts_.tuning.report_spacing, .answer = parts_.tuning.report_answer},
               {[this](std::string_view device, std::string_view property) {
                  return parts_.catalog.shows(device, property);
                },
                [this](const std::string& device, const std::string& property) {
                  parts_.catalog.note_shown(device, property);
                }}),
      due_(parts_.context.executor),
      marks_due_(parts_.context.executor) {}

void CloudChannel::load(const store::Source& from) {
  for (const std::string& id : store::unreported::list(from)) {
    marked_.insert(id);
    std::vector<std::string> names;
    if (const Device* device = parts_.table.find(id)) {
      for (const auto& [name, twin] : device->twins) names.push_back(name);
    }
    if (names.empty()) {
      confirmed_.insert(id);
    } else {
      reports_.changed(id, names, steady_now());
    }
  }
}

std::vector<std::string> CloudChannel::to_mark(const Effects& effects) {
  std::vector<std::string> marks;
  for (const auto& [device, names] : effects.changes) {
    confirmed_.erase(device);
    const bool has_mark = marked_.contains(device) && !effects.forgotten.contains(device);
    if (!has_mark && parts_.table.find(device) != nullptr) marks.push_back(device);
  }
  return marks;
}

void CloudChannel::stored(const Effects& effects, const std::vector<std::string>& marked) {
  for (const std::string& device : effects.forgotten) {
    reports_.forget(device);
    marked_.erase(device);
    confirmed_.erase(device);
  }
  marked_.insert(marked.begin(), marked.end());
  for (const auto& [device, names] : effects.changes)
    if (parts_.table.find(device) != nullptr) reports_.changed(device, names, steady_now());
  states_.insert(effects.states.begin(), effects.states.end());
  if (!effects.changes.empty() || !effects.states.empty()) due_.notify();
}

void CloudChannel::taken_back(const Effects& effects) {
  // The cloud may have been told of the device during the write.
  for (const auto& [device, names] : effects.changes)
    if (parts_.table.find(device) != nullptr) reports_.changed(device, names, steady_now());
  due_.notify();
}

void CloudChannel::on_connection(bool up) {
  const bool changed = connected_ != up;
  connected_ = up;
  if (!changed) return;
  reports_.set_link(up, steady_now());
  due_.notify();
  if (up)
    post("get", "membership/detail",
         membership_detail_text(parts_.node_name, unix_millis(parts_.context.clock.wall())));
}

boost::asio::awaitable<void> CloudChannel::ask_connection() {
  if (!parts_.context.bus.has_module(names::module::kEdgeHub)) co_return;
  while (!connected_) {
    beehive::Message question = beehive::make_message(names::module::kTwin, names::group::kHub, op::kQuery,
                                                      names::resource::kNodeConnection, nullptr);
    beehive::MessagePtr answer;
    try {
      answer = co_await parts_.context.bus.request(names::module::kEdgeHub, std::move(question), kLinkAnswer);
    } catch (const beehive::RequestFailed&) {
      answer = nullptr;  // edgehub is busy or restarting
    }
    if (answer && !connected_) on_connection(answer->content == names::content::kCloudConnected);
  }
}

void CloudChannel::on_answer(const std::string& message_id) {
  const auto device = reports_.confirmed(message_id, steady_now());
  due_.notify();
  if (!device || !marked_.contains(*device)) return;
  confirmed_.insert(*device);
  marks_due_.notify();
}

bool CloudChannel::post(const char* operation, const std::string& resource, Json content, std::string* id) {
  beehive::Message message = beehive::make_message(names::module::kTwin, names::group::kResource, operation,
                                                   resource, std::move(content));
  if (id != nullptr) *id = message.header.id;
  return parts_.context.bus.try_send(names::module::kEdgeHub, std::move(message));
}

boost::asio::awaitable<void> CloudChannel::send() {
  for (;;) {
    SteadyTime next = send_states(steady_now());
    send_reports(steady_now());
    next = std::min(next, reports_.next_time());
    const SteadyTime until = std::max(next, steady_now() + kBusy);
    co_await due_.sleep_until(until);
  }
}

void CloudChannel::send_reports(SteadyTime now) {
  while (const auto due = reports_.next(now)) {
    const Device* device = parts_.table.find(due->device);
    if (device == nullptr) {
      reports_.forget(due->device);
      continue;
    }
    std::string id;
    Json content = report_content(*device, due->properties, unix_millis(parts_.context.clock.wall()));
    if (!post(op::kUpdate, "device/" + due->device + "/twin/edge_updated", std::move(content), &id)) return;
    reports_.sent(*due, id, now);
  }
}

/// Sends the newest state of each device whose state has changed, at the rate of twin reports. Sent once:
/// clouds before v1.18 do not understand it, and none confirms it. Returns when the next one is due.
SteadyTime CloudChannel::send_states(SteadyTime now) {
  const auto spacing = parts_.tuning.report_spacing;
  std::erase_if(state_sent_, [&](const auto& each) { return each.second + spacing <= now; });
  if (!connected_.value_or(false)) return SteadyTime::max();
  SteadyTime next = SteadyTime::max();
  for (auto it = states_.begin(); it != states_.end();) {
    const Device* device = parts_.table.find(*it);
    const auto sent = state_sent_.find(*it);
    if (device != nullptr && sent != state_sent_.end()) {
      next = std::min(next, sent->second + spacing);
      ++it;
      continue;
    }
    if (device != nullptr) {
      std::string text = state_text(*device, unix_millis(parts_.context.clock.wall()));
      if (!post(op::kUpdate, "device/" + *it + "/state/update", std::move(text))) return now;
      state_sent_[*it] = now;
    }
    it = states_.erase(it);
  }
  return next;
}

boost::asio::awaitable<void> CloudChannel::clear_marks() {
  for (;;) {
    if (confirmed_.empty()) co_await marks_due_.sleep();
    const SteadyTime until = steady_now() + parts_.tuning.confirmation_delay;
    while (steady_now() < until) co_await marks_due_.sleep_until(until);
    const auto confirmed = std::exchange(confirmed_, {});
    // A later change marks the device again, in a transaction after this one.
    for (const std::string& id : confirmed) marked_.erase(id);
    store::Job job = [confirmed](store::Transaction& into) {
      for (const auto& id : confirmed) store::unreported::remove(into, id);
    };
    try {
      co_await store::async_write(parts_.store, std::move(job));
    } catch (const Error& error) {
      // The cost is one more report per device after a restart.
      if (write_failures_.now())
        parts_.context.log->warn("cannot store which devices the cloud has confirmed: {}", error.what());
    }
  }
}

}  // namespace edgecore::devicetwin
