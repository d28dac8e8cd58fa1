// SPDX-License-Identifier: Apache-2.0
// MQTT topics of clients and of the cloud, topic filters of the cloud, addresses of brokers.
#include "eventbus/broker_address.hpp"
#include "eventbus/topics.hpp"
#include "input.hpp"

// A level of a topic is a byte in the text, and a place in a list that grows.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 128, .fixed = 4 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  const auto line = text.find('\n');
  const auto filter = text.substr(0, line);
  const auto topic = line == std::string_view::npos ? text : text.substr(line + 1);

  eventbus::is_for_twin(topic);
  const bool valid = eventbus::is_filter(filter);
  if (eventbus::is_topic(topic)) {
    fuzz::hold(eventbus::is_filter(topic));
    fuzz::hold(eventbus::matches(topic, topic));
    fuzz::hold(eventbus::matches("#", topic) == !topic.starts_with('$'));
    if (valid && eventbus::matches(filter, topic))
      fuzz::hold(topic.starts_with('$') == filter.starts_with('$'));
  }
  fuzz::accepted([&] {
    const auto address = eventbus::BrokerAddress::parse(text);
    fuzz::hold(!address.host.empty());
    if (address.port == 0) return;
    const auto again = eventbus::BrokerAddress::parse("tcp://" + address.text());
    fuzz::hold(again.host == address.host && again.port == address.port);
  });
}
