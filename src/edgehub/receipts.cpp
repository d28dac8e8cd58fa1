// SPDX-License-Identifier: Apache-2.0
#include "edgehub/receipts.hpp"

#include <utility>

#include "edgecore/base/ascii.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::edgehub {

bool wants_receipt(const beehive::Message& message) {
  return message.route.operation == names::operation::kUpload &&
         message.route.source == names::source::kBus && message.route.group == names::group::kUser;
}

void Receipts::written(const beehive::Message& message) {
  waiting_.push_back({beehive::Message{message.header, message.route, nullptr, 0}, 0});
}

std::uint64_t Receipts::ping() {
  ++last_ping_;
  for (auto entry = waiting_.rbegin(); entry != waiting_.rend() && entry->ping == 0; ++entry)
    entry->ping = last_ping_;
  return last_ping_;
}

std::uint64_t Receipts::number_of(std::string_view payload) {
  return to_number<std::uint64_t>(payload).value_or(0);
}

std::vector<beehive::Message> Receipts::pong(std::string_view payload) {
  std::vector<beehive::Message> received;
  const std::uint64_t number = number_of(payload);
  if (number == 0 || number > last_ping_) return received;
  while (!waiting_.empty() && waiting_.front().ping != 0 && waiting_.front().ping <= number) {
    received.push_back(std::move(waiting_.front().envelope));
    waiting_.pop_front();
  }
  return received;
}

void Receipts::ping_lost() {
  for (Entry& entry : waiting_) entry.ping = 0;
}

std::vector<beehive::Message> Receipts::drain() {
  std::vector<beehive::Message> all;
  for (Entry& entry : waiting_) all.push_back(std::move(entry.envelope));
  waiting_.clear();
  return all;
}

}  // namespace edgecore::edgehub
