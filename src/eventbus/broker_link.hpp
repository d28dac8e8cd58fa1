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

/// How one broker is used.
struct LinkOptions {
  std::string name;        ///< for log lines: "the MQTT broker at 127.0.0.1:1883"
  MqttOptions connection;  ///< the client id is set by the link
  std::string subscriber_id, publisher_id;
  int qos = 1;  ///< of what is published
  bool retain = false;
  bool waits_for_broker = false;  ///< nothing is tried before broker_started()
  bool drops_echo = false;        ///< what comes back of `Publication::may_come_back` is not taken in
  PublishQueue::Limits queue;
  RetryPause::Limits retry;
  std::function<void()> on_crowded;  ///< crowded() has changed
};

/// Where the messages of all brokers go: called for each, on the module's thread; must be quick.
using OnMqttMessage = std::function<void(std::string_view topic, std::string_view payload)>;

/// The connections of this node with one broker: a subscriber and a publisher, kept up with growing pauses
/// between attempts, quietly (pains row 35: no broker is nothing special). After each connect the subscriber
/// subscribes to all filters, each by itself: one that is refused is named, and the others stay. Belongs to
/// the module's thread.
class BrokerLink {
 public:
  /// `filters` is the module's list, looked at when a connection begins; changes of it are told as well.
  BrokerLink(beehive::ModuleContext& context, MqttClient& client, LinkOptions options,
             const std::set<std::string>& filters, OnMqttMessage on_message);
  BrokerLink(const BrokerLink&) = delete;
  BrokerLink& operator=(const BrokerLink&) = delete;

  /// Until cancelled.
  boost::asio::awaitable<void> run();

  /// Queues; never waits, never refuses.
  void publish(Publication publication);
  void subscribe(const std::string& filter);
  void unsubscribe(const std::string& filter);
  /// false: the broker keeps what it has for us.
  void set_reading(bool reading);
  /// A broker of ours was started: it is tried now.
  void broker_started();

  /// The broker is there and takes messages, but slower than they come: the queue is more than half full.
  /// What makes more of them (messages of devices) had better wait, instead of pushing others out.
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
  SteadyTime last_taken_{};           ///< when the broker last took a message, or was connected to
  bool announced_ = false;            ///< that this connection is made and subscribed
  std::map<int, std::string> asked_;  ///< filters whose grant is awaited, by id
  PublishQueue queue_;
  std::deque<std::string> echoes_;  ///< topic, zero byte, payload: of what was published and may come back
  async::Event try_now_, subscribed_, filled_;
  RetryPause subscriber_pause_, publisher_pause_;
  log::Quiet complaints_, publisher_complaints_, drops_, bad_topics_;
};

}  // namespace edgecore::eventbus
