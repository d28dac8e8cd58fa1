// SPDX-License-Identifier: Apache-2.0
#include "eventbus/subscriptions.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/store/awaitable.hpp"
#include "edgecore/store/sub_topics.hpp"
#include "eventbus/topics.hpp"

namespace edgecore::eventbus {
namespace {

bool is_fixed(const std::string& filter) {
  return std::find(kFixedFilters.begin(), kFixedFilters.end(), filter) != kFixedFilters.end();
}

}  // namespace

Subscriptions::Subscriptions(beehive::ModuleContext& context, store::Store& store)
    : context_(context), store_(store), changed_(context.executor) {
  for (std::string& topic : store::sub_topics::list(store.open_reader())) {
    if (filters_.size() == kMost) {
      context_.log->error("table sub_topics has too many topics: this node subscribes to the first {}",
                          kMost);
      break;
    }
    if (is_filter(topic) && !is_fixed(topic)) filters_.insert(std::move(topic));
  }
}

Subscriptions::~Subscriptions() {
  store_.flush();
}

bool Subscriptions::add(const std::string& filter) {
  if (!is_filter(filter)) {
    context_.log->warn("the cloud asks for messages of {}, which is not an MQTT topic filter",
                       log::quote(filter));
    return false;
  }
  const bool known = filters_.contains(filter);
  if (!known && (filters_.size() >= kMost || changes_.size() >= 2 * kMost)) {
    context_.log->error("ignoring the cloud's request for messages of {}: at most {} topics are allowed",
                        log::quote(filter), kMost);
    return false;
  }
  changes_[filter] = true;
  changed_.notify();
  if (known || is_fixed(filter)) return false;
  filters_.insert(filter);
  return true;
}

bool Subscriptions::remove(const std::string& filter) {
  const bool known = filters_.erase(filter) > 0;
  if (known || is_fixed(filter)) {
    changes_[filter] = false;
    changed_.notify();
  }
  return known;
}

boost::asio::awaitable<void> Subscriptions::run() {
  for (;;) {
    while (changes_.empty()) co_await changed_.sleep();
    const Changes batch = std::exchange(changes_, {});
    store::Job job = [batch](store::Transaction& into) {
      for (const auto& [filter, wanted] : batch) {
        if (wanted) {
          store::sub_topics::add(into, filter);
        } else {
          store::sub_topics::remove(into, filter);
        }
      }
    };
    const auto stored = co_await async::attempt(store::async_write(store_, std::move(job)));
    if (stored) {
      pause_.reset();
      failures_.reset();
      continue;
    }
    changes_.insert(batch.begin(), batch.end());  // insert keeps newer changes
    if (failures_.now())
      context_.log->error("cannot store the topics that the cloud asks for (attempt {}): {}; trying again",
                          failures_.count(), stored.failure().message());
    const SteadyTime until = steady_now() + pause_.next();
    while (steady_now() < until) co_await changed_.sleep_until(until);
  }
}

}  // namespace edgecore::eventbus
