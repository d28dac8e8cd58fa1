// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "edgecore/async/event.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/eventbus/mqtt_client.hpp"
#include "eventbus/publish_queue.hpp"
#include "eventbus/retry_pause.hpp"

namespace edgecore::eventbus {

/// Settings of one broker's connections.
struct LinkOptions {
  std::string name;        ///< for log lines: "the MQTT broker at 127.0.0.1:1883"
  MqttOptions connection;  ///< the client id is set by the link
  std::string subscriber_id, publisher_id;
  int qos = 1;  ///< QoS of published messages
  bool retain = false;
  bool waits_for_broker = false;  ///< do not connect before broker_started()
  bool drops_echo = false;        ///< ignore echoes of `Publication::may_come_back`
  PublishQueue::Limits queue;
  RetryPause::Limits retry;
  std::function<void()> on_crowded;  ///< called when crowded() has changed
};

/// Receives the messages of all brokers, on the module's thread; must be quick.
using OnMqttMessage = std::function<void(std::string_view topic, std::string_view payload)>;

/// The connections of this node with one broker: a subscriber and a publisher. Reconnects with back-off and
/// logs little, because a missing broker is normal (pains row 35). After each connect the subscriber
/// subscribes to each filter by itself: a refused one is logged and does not affect the others. Belongs to
/// the module's thread.
class BrokerLink {
 public:
  /// `filters` is the module's list, read at each connect; changes are passed to subscribe and unsubscribe as
  /// well.
  BrokerLink(beehive::ModuleContext& context, MqttClient& client, LinkOptions options,
             const std::set<std::string>& filters, OnMqttMessage on_message);
  BrokerLink(const BrokerLink&) = delete;
  BrokerLink& operator=(const BrokerLink&) = delete;

  /// Runs until cancelled.
  boost::asio::awaitable<void> run();

  /// Queues the message; never waits, never refuses.
  void publish(Publication publication);
  void subscribe(const std::string& filter);
  void unsubscribe(const std::string& filter);
  /// false: reads nothing, so that the broker keeps its messages.
  void set_reading(bool reading);
  /// The private broker was started: connect now.
  void broker_started();

  /// The broker takes messages, but too slowly: the queue is more than half full. Senders of more (messages
  /// of devices) should pause, instead of pushing out others.
  [[nodiscard]] bool crowded() const { return crowded_; }

 private:
  struct Subscriber final : MqttHandler {
    explicit Subscriber(BrokerLink& link) : link_(link) {}
    void on_message(std::string_view topic, std::string_view payload) override;
    void on_subscribed(int id, bool granted) override;
    void on_published(int) override {}
    void on_writable() override {}
    BrokerLink& link_;
  };
  struct Publisher final : MqttHandler {
    explicit Publisher(BrokerLink& link) : link_(link) {}
    void on_message(std::string_view, std::string_view) override {}
    void on_subscribed(int, bool) override {}
    void on_published(int id) override;
    void on_writable() override;
    BrokerLink& link_;
  };

  boost::asio::awaitable<void> keep_subscriber();
  boost::asio::awaitable<void> live_as_subscriber();
  boost::asio::awaitable<void> keep_publisher();
  boost::asio::awaitable<void> live_as_publisher();
  boost::asio::awaitable<void> pump(MqttConnection& connection);
  void hand_over(MqttConnection& connection);
  void judge_crowd(bool takes_messages);
  [[nodiscard]] bool comes_back(std::string_view topic) const;
  bool is_echo(std::string_view topic, std::string_view payload);

  beehive::ModuleContext& context_;
  MqttClient& client_;
  LinkOptions options_;
  const std::set<std::string>& filters_;
  OnMqttMessage on_message_;
  Subscriber as_subscriber_{*this};
  Publisher as_publisher_{*this};
  MqttConnection* subscriber_ = nullptr;  ///< while connected
  bool reading_ = true;
  bool may_try_;
  bool crowded_ = false;
  SteadyTime last_taken_{};           ///< when the broker last took a message or connected
  bool announced_ = false;            ///< this connection's success has been logged
  std::map<int, std::string> asked_;  ///< filters by id, waiting for SUBACK
  PublishQueue queue_;
  std::deque<std::string> echoes_;  ///< topic, zero byte, payload of published messages that may come back
  async::Event try_now_, subscribed_, filled_;
  RetryPause subscriber_pause_, publisher_pause_;
  log::Quiet complaints_, publisher_complaints_, drops_, bad_topics_;
};

}  // namespace edgecore::eventbus
