// SPDX-License-Identifier: Apache-2.0
#include "eventbus/uploads.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/store/awaitable.hpp"

namespace edgecore::eventbus {

namespace rows = store::mqtt_uploads;

Uploads::Uploads(beehive::ModuleContext& context, store::Store& store, Limits limits)
    : context_(context),
      store_(store),
      reader_(store.open_reader()),
      limits_(limits),
      total_(rows::total(reader_)),
      to_store_(context.executor),
      to_forward_(context.executor),
      store_pause_(limits.retry),
      forward_pause_(limits.retry),
      tasks_(context.executor) {}

Uploads::~Uploads() {
  store_.flush();
}

boost::asio::awaitable<void> Uploads::run() {
  tasks_.spawn("storing of uploads", store_all());
  tasks_.spawn("forwarding of uploads", forward_all());
  co_await tasks_.join();
}

void Uploads::take(std::string_view topic, std::string_view payload) {
  if (payload.empty()) {
    if (empty_.now())
      context_.log->warn("an empty message on {} is not forwarded to the cloud ({} so far)",
                         log::quote(topic), empty_.count());
    return;
  }
  if (payload.size() > rows::kMaxPayloadBytes) {
    if (too_long_.now())
      context_.log->warn(
          "a message on {} of {} bytes is not forwarded to the cloud: the limit is {} bytes ({} so far)",
          log::quote(topic), payload.size(), rows::kMaxPayloadBytes, too_long_.count());
    return;
  }
  pending_.push_back({0, std::string(topic), std::string(payload), context_.clock.wall()});
  pending_bytes_ += rows::weight(pending_.back());
  bound_pending();
  to_store_.notify();
}

void Uploads::bound_pending() {
  std::size_t gone = 0;
  while (pending_.size() > 1 &&
         (pending_.size() > limits_.pending_messages || pending_bytes_ > limits_.pending_bytes)) {
    pending_bytes_ -= rows::weight(pending_.front());
    pending_.pop_front();
    ++gone;
  }
  count_dropped(gone);
}

void Uploads::count_dropped(std::size_t messages) {
  if (messages == 0) return;
  dropped_ += messages;
  if (drops_.now()) {
    context_.log->warn(
        "{} MQTT messages for the cloud were dropped so far, the oldest first: they arrive faster "
        "than the cloud takes them",
        dropped_);
  }
}

boost::asio::awaitable<void> Uploads::store_all() {
  for (;;) {
    while (pending_.empty() && confirmed_.empty()) co_await to_store_.sleep();
    const std::shared_ptr<Batch> batch = next_batch();
    store::Job job = [batch, budget = limits_.budget_bytes](store::Transaction& into) {
      apply(into, *batch, budget);
    };
    const auto written = co_await async::attempt(store::async_write(store_, std::move(job), batch->bytes));
    if (written) {
      stored(*batch);
      continue;
    }
    take_back(*batch);
    if (store_failures_.now())
      context_.log->error("cannot store MQTT messages for the cloud (attempt {}): {}; trying again",
                          store_failures_.count(), written.failure().message());
    const SteadyTime until = steady_now() + store_pause_.next();
    while (steady_now() < until) co_await to_store_.sleep_until(until);
  }
}

std::shared_ptr<Uploads::Batch> Uploads::next_batch() {
  auto batch = std::make_shared<Batch>();
  batch->before = total_;
  batch->remove = std::exchange(confirmed_, {});
  while (!pending_.empty() && batch->add.size() < limits_.commit_messages &&
         (batch->add.empty() || batch->bytes < limits_.commit_bytes)) {
    const std::size_t weight = rows::weight(pending_.front());
    batch->bytes += weight;
    pending_bytes_ -= weight;
    batch->add.push_back(std::move(pending_.front()));
    pending_.pop_front();
  }
  return batch;
}

/// Runs on the writer's thread, possibly twice, so it assigns its results instead of adding to them.
void Uploads::apply(store::Transaction& into, Batch& batch, std::size_t budget) {
  rows::Total total = batch.before;
  for (const std::int64_t id : batch.remove) {
    const std::size_t bytes = rows::remove(into, id);
    if (bytes == 0) continue;  // dropped meanwhile
    total.messages -= std::min<std::size_t>(total.messages, 1);
    total.bytes -= std::min(total.bytes, bytes);
  }
  for (const Row& row : batch.add) rows::add(into, row);
  total.messages += batch.add.size();
  total.bytes += batch.bytes;
  batch.pushed_out = total.bytes > budget ? rows::remove_oldest(into, total.bytes - budget) : rows::Total();
  total.messages -= std::min(total.messages, batch.pushed_out.messages);
  total.bytes -= std::min(total.bytes, batch.pushed_out.bytes);
  batch.after = total;
}

void Uploads::stored(const Batch& batch) {
  store_failures_.reset();
  store_pause_.reset();
  total_ = batch.after;
  for (const std::int64_t id : batch.remove) done_.erase(id);
  count_dropped(batch.pushed_out.messages);
  if (batch.add.empty()) return;
  more_stored_ = true;
  to_forward_.notify();
}

void Uploads::take_back(Batch& batch) {
  confirmed_.insert(confirmed_.begin(), batch.remove.begin(), batch.remove.end());
  while (!batch.add.empty()) {
    pending_bytes_ += rows::weight(batch.add.back());
    pending_.push_front(std::move(batch.add.back()));
    batch.add.pop_back();
  }
  bound_pending();
}

void Uploads::cloud(bool connected) {
  tunnel_ = connected ? Tunnel::kUp : Tunnel::kDown;
  ++tunnel_changes_;
  to_forward_.notify();
}

boost::asio::awaitable<void> Uploads::forward_all() {
  for (;;) {
    if (failed_ && in_flight_ == 0) {
      co_await pause_after_failure();
      failed_ = false;
      sent_up_to_ = 0;
      more_stored_ = true;
    }
    if (!failed_ && tunnel_ != Tunnel::kDown) send_window();
    co_await to_forward_.sleep();
  }
}

/// Waits until the tunnel is up again, then sends the lost messages again. If the tunnel is not known to be
/// down (its queue was full), waits a fixed time.
boost::asio::awaitable<void> Uploads::pause_after_failure() {
  const std::uint64_t before = tunnel_changes_;
  const SteadyTime until = steady_now() + forward_pause_.next();
  while (tunnel_ == Tunnel::kDown || (steady_now() < until && tunnel_changes_ == before)) {
    const SteadyTime wake = tunnel_ == Tunnel::kDown ? SteadyTime::max() : until;
    co_await to_forward_.sleep_until(wake);
  }
}

void Uploads::send_window() {
  while (more_stored_ && in_flight_ < limits_.window_messages) {
    std::vector<Row> next =
        rows::list(reader_, sent_up_to_, limits_.window_messages - in_flight_, limits_.window_bytes);
    if (next.empty()) more_stored_ = false;
    for (Row& row : next) {
      sent_up_to_ = row.id;
      if (done_.contains(row.id)) continue;
      ++in_flight_;
      tasks_.spawn("upload", send(std::move(row)));
    }
  }
}

boost::asio::awaitable<void> Uploads::send(Row row) {
  beehive::Message message = beehive::make_message(
      names::source::kBus, names::group::kUser, names::operation::kUpload, row.topic, std::move(row.payload));
  bool arrived = false;
  try {
    const beehive::MessagePtr answer =
        co_await context_.bus.request(names::module::kEdgeHub, std::move(message), limits_.answer);
    arrived = answer->route.operation == names::operation::kResponse;
  } catch (const beehive::RequestFailed& error) {
    context_.log->debug("the cloud has not confirmed an upload: {}", error.what());
  }
  --in_flight_;
  if (arrived) {
    forward_pause_.reset();
    done_.insert(row.id);
    confirmed_.push_back(row.id);
    to_store_.notify();
  } else {
    failed_ = true;
  }
  to_forward_.notify();
}

}  // namespace edgecore::eventbus
