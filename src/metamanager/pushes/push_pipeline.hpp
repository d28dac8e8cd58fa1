// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>

#include "edgecore/base/log.hpp"
#include "edgecore/beehive/lane.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/beehive/task_group.hpp"
#include "edgecore/store/store.hpp"
#include "metamanager/cloud/cloud.hpp"
#include "metamanager/delivery/served_feed.hpp"
#include "metamanager/pushes/push.hpp"

namespace edgecore::metamanager {

/// Takes what the cloud pushes through three steps, each in order of arrival: store, hand to the module that
/// acts on it, acknowledge. Writes are submitted at once and share commits. What is on disk waits in a lane
/// for its module, so that a slow module holds up only its own objects. All pushes of one object go to the
/// same module, so their order stays. Belongs to the module's thread.
class PushPipeline {
 public:
  using Limits = beehive::LaneLimits;
  /// Called for each push after it was stored, before it is handed on.
  using OnSettled = std::function<void(const Push&, const WriteOutcome&)>;

  PushPipeline(beehive::ModuleContext& context, store::Store& store, beehive::TaskGroup& tasks, Cloud& cloud,
               ServedFeed& feed, Limits limits, OnSettled on_settled);
  PushPipeline(const PushPipeline&) = delete;
  PushPipeline& operator=(const PushPipeline&) = delete;
  /// Waits for the writes under way: their completions come back to this thread's loop.
  ~PushPipeline();

  /// Never waits. Beyond the limits a push is dropped unacknowledged: the cloud sends it again.
  void take(beehive::Delivery delivery, Push push);

  /// Pushes that are not done with.
  [[nodiscard]] std::size_t size() const { return storing_.size() + lanes_.size(); }

 private:
  struct Entry {
    beehive::Delivery delivery;
    Push push;
    WriteOutcome outcome = {};
    std::exception_ptr failure = nullptr;
  };

  [[nodiscard]] bool has_room(std::size_t weight) const;
  void submit(std::uint64_t number, const Push& push);
  /// The write of a push is on disk, has failed, or there was none.
  void stored(std::uint64_t number, WriteOutcome outcome, std::exception_ptr failure);
  boost::asio::awaitable<void> finish(Entry entry);
  boost::asio::awaitable<void> refuse(const Entry& entry);

  beehive::ModuleContext& context_;
  store::Store& store_;
  Cloud& cloud_;
  ServedFeed& feed_;
  Limits limits_;
  OnSettled on_settled_;
  std::map<std::uint64_t, Entry> storing_;  ///< in order of arrival
  std::uint64_t last_number_ = 0;
  std::size_t storing_bytes_ = 0;
  beehive::Lanes<Entry> lanes_;  ///< what is stored, by acting module
  log::Quiet overflow_;
  log::Quiet write_failure_;
  std::shared_ptr<PushPipeline*> self_;  ///< how completions find this object, if it still is there
};

}  // namespace edgecore::metamanager
