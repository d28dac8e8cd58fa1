// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"

namespace edgecore::beehive {

/// A queue of items for one receiver. `put` never waits; a single task takes the items in order and does the
/// waiting, for example for room in a mailbox. One thread.
template <typename Item>
class Lane {
 public:
  explicit Lane(boost::asio::any_io_executor executor) : filled_(std::move(executor)) {}

  void put(Item item, std::size_t weight) {
    waiting_.push_back({std::move(item), weight});
    bytes_ += weight;
    filled_.notify();
  }
  /// Waits for the next item. Throws operation_aborted if cancelled.
  boost::asio::awaitable<Item> take() {
    while (waiting_.empty()) co_await filled_.sleep();
    Entry next = std::move(waiting_.front());
    waiting_.pop_front();
    bytes_ -= next.weight;
    co_return std::move(next.item);
  }
  void clear() {
    waiting_.clear();
    bytes_ = 0;
  }

  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    Item item;
    std::size_t weight;
  };
  std::deque<Entry> waiting_;
  std::size_t bytes_ = 0;
  async::Event filled_;
};

struct LaneLimits {
  std::size_t messages = 1024;
  std::size_t bytes = 32U << 20U;
};

/// One queue per receiver, so that a slow receiver delays only its own items. Calls `serve` for one item of a
/// lane at a time. The limits apply to all lanes together. One thread. What `serve` uses must outlive the
/// tasks; the tasks share ownership of the lanes.
template <typename Item>
class Lanes {
 public:
  using Serve = std::function<boost::asio::awaitable<void>(std::string receiver, Item item)>;
  Lanes(boost::asio::any_io_executor executor, async::TaskGroup& tasks, LaneLimits limits, Serve serve)
      : executor_(std::move(executor)), tasks_(tasks), limits_(limits), serve_(std::move(serve)) {}
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;
  ~Lanes() = default;

  /// False above the limits. Empty lanes accept one item of any weight.
  [[nodiscard]] bool put(const std::string& receiver, Item item, std::size_t weight) {
    const bool fits = size() < limits_.messages && bytes() + weight <= limits_.bytes;
    if (size() > 0 && !fits) return false;
    lane_of(receiver)->put(std::move(item), weight);
    return true;
  }

  [[nodiscard]] std::size_t size() const {
    std::size_t sum = 0;
    for (const auto& [receiver, lane] : lanes_) sum += lane->size();
    return sum;
  }
  [[nodiscard]] std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& [receiver, lane] : lanes_) sum += lane->bytes();
    return sum;
  }

 private:
  using LanePtr = std::shared_ptr<Lane<Item>>;
  LanePtr lane_of(const std::string& receiver) {
    LanePtr& lane = lanes_[receiver];
    if (lane == nullptr) {
      lane = std::make_shared<Lane<Item>>(executor_);
      tasks_.spawn("items for " + receiver, run(receiver, lane, serve_));
    }
    return lane;
  }
  /// Owns its lane, because a task group may cancel its tasks after the Lanes object is destroyed.
  static boost::asio::awaitable<void> run(std::string receiver, LanePtr lane, Serve serve) {
    for (;;) {
      Item item = co_await lane->take();
      boost::asio::awaitable<void> served = serve(receiver, std::move(item));
      co_await std::move(served);
    }
  }

  boost::asio::any_io_executor executor_;
  async::TaskGroup& tasks_;
  LaneLimits limits_;
  Serve serve_;
  std::map<std::string, LanePtr> lanes_;
};

}  // namespace edgecore::beehive
