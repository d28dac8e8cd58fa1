// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "edgecore/beehive/message.hpp"

namespace edgecore::eventbus {

/// A message for a broker. Keeps the bus message instead of copying topic and payload; two brokers share it.
struct Publication {
  beehive::MessagePtr message;  ///< the topic is its resource
  std::string text;             ///< the payload if the content is not a string
  bool may_come_back = false;   ///< from the cloud: this node may subscribe to its topic itself

  [[nodiscard]] const std::string& topic() const { return message->route.resource; }
  [[nodiscard]] std::string_view payload() const {
    return message->content.is_string() ? std::string_view(message->content.get_ref<const std::string&>())
                                        : std::string_view(text);
  }
  [[nodiscard]] std::size_t weight() const { return topic().size() + payload().size() + 128; }
};

/// The queue of one broker, in order: first the messages that were sent and not acknowledged, then the unsent
/// ones. Bounded: a new message pushes out the oldest unsent ones (protocol/04-devices.md §1.7: never block
/// the device module on MQTT). Passive; one thread.
class PublishQueue {
 public:
  struct Limits {
    std::size_t messages = 8192;
    std::size_t bytes = 8U << 20U;
  };
  explicit PublishQueue(Limits limits) : limits_(limits) {}

  /// False if older messages were dropped for it.
  bool push(Publication publication);

  [[nodiscard]] bool has_unsent() const { return sent_ < entries_.size(); }
  [[nodiscard]] const Publication& next_unsent() const { return entries_[sent_].publication; }
  /// The next unsent message was sent; its acknowledgement will have this id.
  void sent(int id);
  /// Removes the next unsent message: it was sent without acknowledgement, or cannot be sent.
  void skip();
  void acknowledged(int id);
  /// The connection is lost: unacknowledged messages have to be sent again.
  void connection_lost();

  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  struct Entry {
    Publication publication;
    int id = 0;  ///< in flight with this id; 0: acknowledged, or not sent
  };
  void erase(std::size_t index);

  Limits limits_;
  std::deque<Entry> entries_;
  std::size_t sent_ = 0;  ///< entries before this one were sent; acknowledged ones are removed from the front
  std::size_t in_flight_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace edgecore::eventbus
