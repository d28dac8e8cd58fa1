// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/store/mqtt_uploads.hpp"
#include "edgecore/store/store.hpp"
#include "eventbus/retry_pause.hpp"

namespace edgecore::eventbus {

/// MQTT messages for the cloud (protocol/04-devices.md §5.3; pains row 29). They are stored, many in one
/// commit, and forwarded in order, a window at a time. A message is deleted when the cloud has read it from
/// the connection (docs/messages.md), so each arrives at least once, through lost connections and kill -9.
/// Beyond the budget the oldest are dropped and counted. If the disk takes no writes, messages wait in
/// memory, bounded in the same way. Belongs to the module's thread.
class Uploads {
 public:
  struct Limits {
    std::size_t budget_bytes = 16U << 20U;  ///< in the database, by store::mqtt_uploads::weight
    std::size_t pending_messages = 8192;    ///< in memory, not stored yet
    std::size_t pending_bytes = 4U << 20U;
    std::size_t commit_messages = 1024;  ///< in one job
    std::size_t commit_bytes = 1U << 20U;
    std::size_t window_messages = 64;      ///< sent, not confirmed
    std::size_t window_bytes = 2U << 20U;  ///< read from the database at a time
    std::chrono::milliseconds answer{300'000};
    RetryPause::Limits retry;
  };
  Uploads(beehive::ModuleContext& context, store::Store& store, Limits limits);
  Uploads(const Uploads&) = delete;
  Uploads& operator=(const Uploads&) = delete;
  /// Waits for the running write, whose completion is posted to this thread's loop.
  ~Uploads();

  /// Never waits. Refuses empty payloads (an error for the cloud) and too long ones, with a log line.
  void take(std::string_view topic, std::string_view payload);
  /// The tunnel came up or went down.
  void cloud(bool connected);
  /// Runs until cancelled.
  boost::asio::awaitable<void> run();

  [[nodiscard]] const store::mqtt_uploads::Total& stored() const { return total_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  using Row = store::mqtt_uploads::Row;
  /// One job of the writer; shared with the writer's thread while it runs.
  struct Batch {
    std::vector<Row> add;
    std::vector<std::int64_t> remove;
    std::size_t bytes = 0;  ///< of `add`
    store::mqtt_uploads::Total before, after, pushed_out;
  };

  boost::asio::awaitable<void> store_all();
  [[nodiscard]] std::shared_ptr<Batch> next_batch();
  static void apply(store::Transaction& into, Batch& batch, std::size_t budget);
  void stored(const Batch& batch);
  void take_back(Batch& batch);
  void bound_pending();
  void count_dropped(std::size_t messages);

  boost::asio::awaitable<void> forward_all();
  void send_window();
  boost::asio::awaitable<void> send(Row row);
  boost::asio::awaitable<void> pause_after_failure();

  beehive::ModuleContext& context_;
  store::Store& store_;
  store::Reader reader_;
  Limits limits_;
  std::deque<Row> pending_;
  std::size_t pending_bytes_ = 0;
  std::vector<std::int64_t> confirmed_;  ///< confirmed by the cloud; the next job deletes them
  std::set<std::int64_t> done_;          ///< those, and the ones being deleted: do not send them again
  store::mqtt_uploads::Total total_;
  std::uint64_t dropped_ = 0;

  std::int64_t sent_up_to_ = 0;  ///< rows after this one are still to be sent in this round
  bool more_stored_ = true;      ///< there may be rows after `sent_up_to_`
  std::size_t in_flight_ = 0;
  bool failed_ = false;  ///< an upload of this round has failed: start over
  enum class Tunnel { kUnknown, kUp, kDown } tunnel_ = Tunnel::kUnknown;
  std::uint64_t tunnel_changes_ = 0;

  async::Event to_store_, to_forward_;
  RetryPause store_pause_, forward_pause_;
  log::Quiet store_failures_, drops_, empty_, too_long_;
  async::TaskGroup tasks_;
};

}  // namespace edgecore::eventbus
