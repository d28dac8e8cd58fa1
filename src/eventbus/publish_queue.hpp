// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "edgecore/beehive/message.hpp"

namespace edgecore::eventbus {

/// A message on its way to a broker. Keeps the bus message it came in instead of copying topic and payload;
/// two brokers share it.
struct Publication {
  beehive::MessagePtr message;  ///< the topic is its resource
  std::string text;             ///< the payload when the content is not a string
  bool may_come_back = false;   ///< from the cloud: its topic may be one we subscribe to ourselves

  [[nodiscard]] const std::string& topic() const { return message->route.resource; }
  [[nodiscard]] std::string_view payload() const {
    return message->content.is_string() ? std::string_view(message->content.get_ref<const std::string&>())
                                        : std::string_view(text);
  }
  [[nodiscard]] std::size_t weight() const { return topic().size() + payload().size() + 128; }
};

/// What waits for one broker, in order: first what was handed to the connection and is not acknowledged, then
/// the rest. Bounded: what is too much pushes out the oldest that was not handed over (protocol/04-devices.md
/// §1.7: never block the device module on MQTT). Passive; one thread.
class PublishQueue {
 public:
  struct Limits {
    std::size_t messages = 8192;
    std::size_t bytes = 8U << 20U;
  };
  explicit PublishQueue(Limits limits) : limits_(limits) {}

  /// False when older messages were dropped for it.
  bool push(Publication publication);

  [[nodiscard]] bool has_unsent() const { return sent_ < entries_.size(); }
  [[nodiscard]] const Publication& next_unsent() const { return entries_[sent_].publication; }
  /// The next unsent one was handed to the connection, which will acknowledge it as `id`.
  void sent(int id);
  /// The next unsent one is done with: sent without acknowledgement, or not sendable at all.
  void skip();
  void acknowledged(int id);
  /// The connection is gone: what it did not acknowledge has to be sent again.
  void connection_lost();

  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  struct Entry {
    Publication publication;
    int id = 0;  ///< in flight under this id; 0: acknowledged, or not sent
  };
  void erase(std::size_t index);

  Limits limits_;
  std::deque<Entry> entries_;
  std::size_t sent_ =
      0;  ///< entries before this one were handed over; acknowledged ones leave from the front
  std::size_t in_flight_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace edgecore::eventbus
