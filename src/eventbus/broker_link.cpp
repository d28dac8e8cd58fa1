// SPDX-License-Identifier: Apache-2.0
#include "eventbus/broker_link.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "eventbus/topics.hpp"

namespace edgecore::eventbus {
namespace {

/// Messages passed to the connection before the event loop gets its turn.
constexpr int kBatch = 64;
constexpr int kSubscribeQos = 1;  // protocol/04-devices.md §1.2
constexpr std::size_t kEchoesKept = 256;
/// If a broker takes no message for this long, the queue no longer counts as crowded, so that devices'
/// messages go on.
constexpr std::chrono::seconds kTakesNothing{5};

std::string echo_key(std::string_view topic, std::string_view payload) {
  std::string key(topic);
  key += '\0';
  key += payload;
  return key;
}

/// Lends a pointer for the duration of a scope (RAII).
class Lent {
 public:
  Lent(MqttConnection*& slot, MqttConnection& connection) : slot_(slot) { slot_ = &connection; }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  ~Lent() { slot_ = nullptr; }

 private:
  MqttConnection*& slot_;
};

std::string why_ended(const Outcome<void>& connection) {
  return connection ? "the connection has ended" : connection.failure().message();
}

}  // namespace

BrokerLink::BrokerLink(beehive::ModuleContext& context, MqttClient& client, LinkOptions options,
                       const std::set<std::string>& filters, OnMqttMessage on_message)
    : context_(context),
      client_(client),
      options_(std::move(options)),
      filters_(filters),
      on_message_(std::move(on_message)),
      may_try_(!options_.waits_for_broker),
      queue_(options_.queue),
      try_now_(context.executor),
      subscribed_(context.executor),
      filled_(context.executor),
      subscriber_pause_(options_.retry),
      publisher_pause_(options_.retry) {}

boost::asio::awaitable<void> BrokerLink::run() {
  async::TaskGroup tasks(context_.executor);
  tasks.spawn("MQTT subscriber", keep_subscriber());
  tasks.spawn("MQTT publisher", keep_publisher());
  co_await tasks.join();
}

boost::asio::awaitable<void> BrokerLink::keep_subscriber() {
  for (;;) {
    while (!may_try_) co_await try_now_.sleep();
    const SteadyTime begun = steady_now();
    const Outcome<void> lived = co_await async::attempt(live_as_subscriber());
    asked_.clear();
    if (steady_now() - begun >= kGoodLife) {
      subscriber_pause_.reset();
      complaints_.reset();
    }
    if (complaints_.now()) {
      context_.log->info("not connected to {} (attempt {}): {}; trying again", options_.name,
                         complaints_.count(), why_ended(lived));
    }
    const SteadyTime until = steady_now() + subscriber_pause_.next();
    co_await try_now_.sleep_until(until);
  }
}

boost::asio::awaitable<void> BrokerLink::live_as_subscriber() {
  MqttOptions options = options_.connection;
  options.client_id = options_.subscriber_id;
  const auto connection = co_await client_.connect(std::move(options), as_subscriber_);
  const Lent lent(subscriber_, *connection);
  connection->set_reading(reading_);
  announced_ = false;
  for (const std::string_view filter : kFixedFilters) subscribe(std::string(filter));
  for (const std::string& filter : filters_) subscribe(filter);
  subscribed_.notify();
  co_await connection->run();
}

boost::asio::awaitable<void> BrokerLink::keep_publisher() {
  for (;;) {
    // While the subscriber is not connected, do not try.
    while (subscriber_ == nullptr) co_await subscribed_.sleep();
    const SteadyTime begun = steady_now();
    const Outcome<void> lived = co_await async::attempt(live_as_publisher());
    queue_.connection_lost();
    judge_crowd(false);
    echoes_.clear();
    if (steady_now() - begun >= kGoodLife) {
      publisher_pause_.reset();
      publisher_complaints_.reset();
    }
    // If the broker is gone, the subscriber logs it.
    if (subscriber_ != nullptr && publisher_complaints_.now()) {
      context_.log->warn("cannot publish at {} (attempt {}): {}; trying again", options_.name,
                         publisher_complaints_.count(), why_ended(lived));
    }
    const SteadyTime until = steady_now() + publisher_pause_.next();
    co_await subscribed_.sleep_until(until);
  }
}

boost::asio::awaitable<void> BrokerLink::live_as_publisher() {
  MqttOptions options = options_.connection;
  options.client_id = options_.publisher_id;
  options.probe = false;
  const auto connection = co_await client_.connect(std::move(options), as_publisher_);
  async::TaskGroup tasks(context_.executor);
  tasks.spawn("MQTT connection", connection->run());
  tasks.spawn("MQTT messages", pump(*connection));
  co_await tasks.join();
}

boost::asio::awaitable<void> BrokerLink::pump(MqttConnection& connection) {
  last_taken_ = steady_now();
  for (;;) {
    int count = 0;
    while (queue_.has_unsent() && queue_.in_flight() < options_.connection.max_inflight &&
           !connection.congested()) {
      hand_over(connection);
      if (++count % kBatch == 0) co_await boost::asio::post(context_.executor, boost::asio::use_awaitable);
    }
    judge_crowd(steady_now() - last_taken_ < kTakesNothing);
    const SteadyTime until = crowded_ ? last_taken_ + kTakesNothing : SteadyTime::max();
    co_await filled_.sleep_until(until);
  }
}

void BrokerLink::hand_over(MqttConnection& connection) {
  const Publication& next = queue_.next_unsent();
  const std::string& topic = next.topic();
  try {
    const int id = connection.publish(topic, next.payload(), options_.qos, options_.retain);
    if (options_.drops_echo && next.may_come_back && comes_back(topic)) {
      if (echoes_.size() == kEchoesKept) echoes_.pop_front();
      echoes_.push_back(echo_key(topic, next.payload()));
    }
    if (options_.qos > 0) {
      queue_.sent(id);
    } else {
      queue_.skip();
      last_taken_ = steady_now();
    }
  } catch (const BadInput& error) {
    if (bad_topics_.now()) context_.log->warn("{} ({} so far)", error.what(), bad_topics_.count());
    queue_.skip();
  }
}

void BrokerLink::judge_crowd(bool takes_messages) {
  const std::size_t part = crowded_ ? 4 : 2;  // hysteresis: half full to become crowded, a quarter to clear
  const bool crowded = takes_messages && (queue_.size() > options_.queue.messages / part ||
                                          queue_.bytes() > options_.queue.bytes / part);
  if (std::exchange(crowded_, crowded) != crowded && options_.on_crowded) options_.on_crowded();
}

void BrokerLink::publish(Publication publication) {
  if (!queue_.push(std::move(publication)) && drops_.now()) {
    context_.log->warn("{} takes messages too slowly; {} were dropped so far, the oldest first",
                       options_.name, queue_.dropped());
  }
  filled_.notify();
}

void BrokerLink::subscribe(const std::string& filter) {
  if (subscriber_ == nullptr) return;
  try {
    asked_.emplace(subscriber_->subscribe(filter, kSubscribeQos), filter);
  } catch (const BadInput& error) {
    context_.log->warn("cannot subscribe to {} at {}: {}", log::quote(filter), options_.name, error.what());
  } catch (const MqttError&) {
    // The connection has failed: the next one subscribes to everything.
  }
}

void BrokerLink::unsubscribe(const std::string& filter) {
  if (subscriber_ == nullptr) return;
  try {
    subscriber_->unsubscribe(filter);
  } catch (const Error& error) {
    context_.log->debug("cannot unsubscribe from {} at {}: {}", log::quote(filter), options_.name,
                        error.what());
  }
}

void BrokerLink::set_reading(bool reading) {
  reading_ = reading;
  if (subscriber_ != nullptr) subscriber_->set_reading(reading);
}

void BrokerLink::broker_started() {
  may_try_ = true;
  subscriber_pause_.reset();
  try_now_.notify();
}

bool BrokerLink::comes_back(std::string_view topic) const {
  const auto takes = [&](std::string_view filter) { return matches(filter, topic); };
  return std::any_of(kFixedFilters.begin(), kFixedFilters.end(), takes) ||
         std::any_of(filters_.begin(), filters_.end(), takes);
}

bool BrokerLink::is_echo(std::string_view topic, std::string_view payload) {
  if (echoes_.empty()) return false;
  const auto found = std::find(echoes_.begin(), echoes_.end(), echo_key(topic, payload));
  if (found == echoes_.end()) return false;
  echoes_.erase(found);
  return true;
}

void BrokerLink::Subscriber::on_message(std::string_view topic, std::string_view payload) {
  if (link_.options_.drops_echo && link_.is_echo(topic, payload)) return;
  link_.on_message_(topic, payload);
}

void BrokerLink::Subscriber::on_subscribed(int id, bool granted) {
  const auto found = link_.asked_.find(id);
  if (found == link_.asked_.end()) return;
  if (!granted) {
    link_.context_.log->warn("{} refuses the subscription of this node to {}; other topics are not affected",
                             link_.options_.name, log::quote(found->second));
  }
  link_.asked_.erase(found);
  if (link_.asked_.empty() && !std::exchange(link_.announced_, true))
    link_.context_.log->info("connected to {}", link_.options_.name);
}

void BrokerLink::Publisher::on_published(int id) {
  link_.queue_.acknowledged(id);
  link_.last_taken_ = steady_now();
  link_.filled_.notify();
}

void BrokerLink::Publisher::on_writable() {
  link_.filled_.notify();
}

}  // namespace edgecore::eventbus
