// SPDX-License-Identifier: Apache-2.0
#include "unit/eventbus/memory_broker.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <mutex>
#include <set>
#include <utility>

#include "edgecore/async/event.hpp"
#include "eventbus/topics.hpp"

namespace edgecore::eventbus {

namespace asio = boost::asio;

namespace {

/// One end of a connection. The broker's mutex guards the marked members; the rest belongs to the
/// connection's thread.
struct Link {
  Link(const asio::any_io_executor& on, std::string id, MqttHandler& to)
      : executor(on), client_id(std::move(id)), handler(&to), ended(on) {}

  asio::any_io_executor executor;
  std::string client_id;
  std::set<std::string> filters;                            ///< guarded
  bool reading = true;                                      ///< guarded
  std::deque<std::pair<std::string, std::string>> waiting;  ///< guarded: what comes next
  std::vector<int> unacknowledged;                          ///< guarded
  MqttHandler* handler;                                     ///< nullptr: the connection is gone
  std::string end_reason;
  async::Event ended;
  int last_id = 0;
};

}  // namespace

struct MemoryBroker::State : std::enable_shared_from_this<State> {
  mutable std::mutex mutex;
  bool up = true;
  bool hold = false;
  std::set<std::string> refused;
  std::vector<Published> published;
  std::vector<std::shared_ptr<Link>> links;
  std::size_t attempts = 0;

  void publish_locked(const std::string& topic, const std::string& payload) {
    for (const auto& link : links) {
      if (std::none_of(link->filters.begin(), link->filters.end(),
                       [&](const std::string& filter) { return matches(filter, topic); }))
        continue;
      link->waiting.emplace_back(topic, payload);
      deliver_soon(link);
    }
  }
  void deliver_soon(const std::shared_ptr<Link>& link) {
    asio::post(link->executor, [self = shared_from_this(), weak = std::weak_ptr<Link>(link)] {
      while (const auto live = weak.lock()) {
        if (live->handler == nullptr) return;
        std::pair<std::string, std::string> next;
        {
          const std::lock_guard lock(self->mutex);
          if (!live->reading || live->waiting.empty()) return;
          next = std::move(live->waiting.front());
          live->waiting.pop_front();
        }
        live->handler->on_message(next.first, next.second);
      }
    });
  }
  static void tell(const std::shared_ptr<Link>& link, std::function<void(MqttHandler&)> what) {
    asio::post(link->executor, [weak = std::weak_ptr<Link>(link), what = std::move(what)] {
      const auto live = weak.lock();
      if (live && live->handler != nullptr) what(*live->handler);
    });
  }
  void end_all(const std::string& why) {
    std::vector<std::shared_ptr<Link>> gone;
    {
      const std::lock_guard lock(mutex);
      gone.swap(links);
    }
    for (const auto& link : gone) {
      asio::post(link->executor, [weak = std::weak_ptr<Link>(link), why] {
        const auto live = weak.lock();
        if (!live) return;
        live->end_reason = why;
        live->ended.notify();
      });
    }
  }
};

namespace {

class MemoryConnection final : public MqttConnection {
 public:
  MemoryConnection(std::shared_ptr<MemoryBroker::State> broker, std::shared_ptr<Link> link)
      : broker_(std::move(broker)), link_(std::move(link)) {}
  ~MemoryConnection() override {
    link_->handler = nullptr;
    const std::lock_guard lock(broker_->mutex);
    std::erase(broker_->links, link_);
  }

  asio::awaitable<void> run() override {
    while (link_->end_reason.empty()) co_await link_->ended.sleep();
    throw MqttError(link_->end_reason);
  }
  int subscribe(const std::string& filter, int) override {
    check();
    if (!is_filter(filter)) throw BadInput("\"" + filter + "\" is not a topic filter");
    const int id = ++link_->last_id;
    const std::lock_guard lock(broker_->mutex);
    const bool granted = !broker_->refused.contains(filter);
    if (granted) link_->filters.insert(filter);
    MemoryBroker::State::tell(link_,
                              [id, granted](MqttHandler& handler) { handler.on_subscribed(id, granted); });
    return id;
  }
  int unsubscribe(const std::string& filter) override {
    check();
    const std::lock_guard lock(broker_->mutex);
    link_->filters.erase(filter);
    return ++link_->last_id;
  }
  int publish(const std::string& topic, std::string_view payload, int qos, bool retain) override {
    check();
    if (!is_topic(topic)) throw BadInput("\"" + topic + "\" is not a topic");
    const int id = ++link_->last_id;
    const std::lock_guard lock(broker_->mutex);
    broker_->published.push_back({link_->client_id, topic, std::string(payload), qos, retain});
    broker_->publish_locked(topic, std::string(payload));
    if (qos == 0) return id;
    if (broker_->hold) {
      link_->unacknowledged.push_back(id);
    } else {
      MemoryBroker::State::tell(link_, [id](MqttHandler& handler) { handler.on_published(id); });
    }
    return id;
  }
  [[nodiscard]] bool congested() const override { return false; }
  void set_reading(bool reading) override {
    const std::lock_guard lock(broker_->mutex);
    link_->reading = reading;
    if (reading) broker_->deliver_soon(link_);
  }

 private:
  void check() const {
    if (!link_->end_reason.empty()) throw MqttError(link_->end_reason);
  }
  std::shared_ptr<MemoryBroker::State> broker_;
  std::shared_ptr<Link> link_;
};

class MemoryClient final : public MqttClient {
 public:
  explicit MemoryClient(std::shared_ptr<MemoryBroker::State> broker) : broker_(std::move(broker)) {}

  asio::awaitable<std::unique_ptr<MqttConnection>> connect(MqttOptions options,
                                                           MqttHandler& handler) override {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto link = std::make_shared<Link>(executor, options.client_id, handler);
    {
      const std::lock_guard lock(broker_->mutex);
      ++broker_->attempts;
      if (!broker_->up) throw MqttError("the broker in memory is down");
      broker_->links.push_back(link);
    }
    co_return std::make_unique<MemoryConnection>(broker_, std::move(link));
  }

 private:
  std::shared_ptr<MemoryBroker::State> broker_;
};

}  // namespace

MemoryBroker::MemoryBroker() : state_(std::make_shared<State>()) {}
MemoryBroker::~MemoryBroker() = default;

std::unique_ptr<MqttClient> MemoryBroker::client() {
  return std::make_unique<MemoryClient>(state_);
}

void MemoryBroker::publish(const std::string& topic, const std::string& payload) {
  const std::lock_guard lock(state_->mutex);
  state_->publish_locked(topic, payload);
}

void MemoryBroker::set_up(bool up) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->up = up;
  }
  if (!up) cut();
}

void MemoryBroker::cut() {
  state_->end_all("the broker in memory has cut the connection");
}

void MemoryBroker::refuse(const std::string& filter) {
  const std::lock_guard lock(state_->mutex);
  state_->refused.insert(filter);
}

void MemoryBroker::hold_acks(bool hold) {
  const std::lock_guard lock(state_->mutex);
  state_->hold = hold;
  if (hold) return;
  for (const auto& link : state_->links) {
    for (const int id : std::exchange(link->unacknowledged, {}))
      State::tell(link, [id](MqttHandler& handler) { handler.on_published(id); });
  }
}

std::vector<MemoryBroker::Published> MemoryBroker::published() const {
  const std::lock_guard lock(state_->mutex);
  return state_->published;
}

std::vector<std::string> MemoryBroker::filters() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> all;
  for (const auto& link : state_->links) all.insert(all.end(), link->filters.begin(), link->filters.end());
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> MemoryBroker::clients() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> all;
  for (const auto& link : state_->links) all.push_back(link->client_id);
  return all;
}

std::size_t MemoryBroker::attempts() const {
  const std::lock_guard lock(state_->mutex);
  return state_->attempts;
}

std::size_t MemoryBroker::held() const {
  const std::lock_guard lock(state_->mutex);
  std::size_t count = 0;
  for (const auto& link : state_->links) count += link->waiting.size();
  return count;
}

}  // namespace edgecore::eventbus
