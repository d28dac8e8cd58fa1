// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/kube/reply.hpp"

namespace edgecore::metamanager {

/// A single flight: one request to the cloud, shared by all tasks that want its answer. CloudHub answers only
/// the last of several equal queries (protocol/02-metamanager.md §5.1, protocol/07-observed.md). Belongs to
/// the module's thread.
class Flight {
 public:
  explicit Flight(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// Waits for the answer, at most `patience` from the start of the flight. True when it is there.
  boost::asio::awaitable<bool> wait(std::optional<std::chrono::milliseconds> patience);
  /// Only after `wait` has returned true.
  [[nodiscard]] const kube::CloudReply& answer() const { return *answer_; }
  void land(kube::CloudReply answer);

  /// A task has gone on with an older copy instead of waiting.
  void leave() { left_ = true; }
  [[nodiscard]] bool was_left() const { return left_; }

 private:
  boost::asio::any_io_executor executor_;
  SteadyTime took_off_ = steady_now();
  std::optional<kube::CloudReply> answer_;
  std::vector<SteadyTimer*> waiting_;
  bool left_ = false;
};

/// The flights under way, by key.
class Flights {
 public:
  explicit Flights(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// The flight for `key`. If none is under way, a new one is made and `start` is called with it.
  std::shared_ptr<Flight> join(const std::string& key,
                               const std::function<void(std::shared_ptr<Flight>)>& start);
  /// Ends the flight: all tasks that wait get the answer, and the next `join` starts a new flight.
  void land(const std::string& key, kube::CloudReply answer);
  /// Whether a task has gone on without the flight for `key` that is under way.
  [[nodiscard]] bool was_left(const std::string& key) const {
    const auto flying = flying_.find(key);
    return flying != flying_.end() && flying->second->was_left();
  }

 private:
  boost::asio::any_io_executor executor_;
  std::map<std::string, std::shared_ptr<Flight>> flying_;
};

}  // namespace edgecore::metamanager
