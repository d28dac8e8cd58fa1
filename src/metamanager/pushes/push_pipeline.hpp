// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "edgecore/base/log.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/beehive/task_group.hpp"
#include "edgecore/store/store.hpp"
#include "metamanager/cloud/cloud.hpp"
#include "metamanager/pushes/push.hpp"

namespace edgecore::metamanager {

/// Takes what the cloud pushes through three steps, each in order of arrival: store, hand to the module that
/// acts on it, acknowledge. Writes are submitted at once and share commits; what is on disk waits in one lane
/// per receiving module, so that a slow one holds up only its own objects. All pushes of one object go the
/// same way, so their order stays. Belongs to the module's thread.
class PushPipeline {
 public:
  struct Limits {
    std::size_t messages = 1024;
    std::size_t bytes = 32U << 20U;
  };
  /// Called for each push on its way out of the store, before it is handed on.
  using OnSettled = std::function<void(const Push&, const WriteOutcome&)>;

  PushPipeline(beehive::ModuleContext& context, store::Store& store, beehive::TaskGroup& tasks, Cloud& cloud,
               Limits limits, OnSettled on_settled);
  PushPipeline(const PushPipeline&) = delete;
  PushPipeline& operator=(const PushPipeline&) = delete;
  /// Waits for the writes under way: their completions come back to this thread's loop.
  ~PushPipeline();

  /// Never waits. Beyond the limits a push is let go unacknowledged: the cloud sends it again.
  void take(beehive::Delivery delivery, Push push);

  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  /// Shared with the writer thread while the job runs; read here after `settled`.
  struct Commit {
    bool settled = false;
    WriteOutcome outcome;
    std::exception_ptr failure;
  };
  struct Entry {
    beehive::Delivery delivery;
    Push push;
    std::shared_ptr<Commit> commit;
  };
  struct Lane {
    explicit Lane(boost::asio::any_io_executor executor) : wake(std::move(executor)) {}
    std::deque<Entry> entries;
    SteadyTimer wake;
  };

  std::shared_ptr<Lane> lane_of(const std::string& target);
  void submit(const Entry& entry, const std::shared_ptr<Lane>& lane);
  boost::asio::awaitable<void> run_lane(std::shared_ptr<Lane> lane);
  boost::asio::awaitable<void> finish(Entry entry);

  beehive::ModuleContext& context_;
  store::Store& store_;
  beehive::TaskGroup& tasks_;
  Cloud& cloud_;
  Limits limits_;
  OnSettled on_settled_;
  std::map<std::string, std::shared_ptr<Lane>> lanes_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  log::Quiet overflow_;
  log::Quiet write_failure_;
};

}  // namespace edgecore::metamanager
