// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

#include "edgecore/async/oneshot.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/beehive/lane.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/store/store.hpp"
#include "metamanager/cloud/cloud.hpp"
#include "metamanager/delivery/served_feed.hpp"
#include "metamanager/pushes/push.hpp"

namespace edgecore::metamanager {

/// Takes what the cloud pushes through three steps, each in order of arrival: store, hand to the module that
/// acts on it, acknowledge. Writes are submitted at once and share commits. Each push waits in the lane of
/// its module for its own write and for that module, so that a slow module holds up only its own objects. All
/// pushes of one object go to the same module, so their order stays. Belongs to the module's thread.
class PushPipeline {
 public:
  using Limits = beehive::LaneLimits;
  /// Called for each push after it was stored, before it is handed on.
  using OnSettled = std::function<void(const Push&, const WriteOutcome&)>;

  PushPipeline(beehive::ModuleContext& context, store::Store& store, async::TaskGroup& tasks, Cloud& cloud,
               ServedFeed& feed, Limits limits, OnSettled on_settled);
  PushPipeline(const PushPipeline&) = delete;
  PushPipeline& operator=(const PushPipeline&) = delete;
  ~PushPipeline() = default;

  /// Never waits. Beyond the limits a push is dropped unacknowledged: the cloud sends it again.
  void take(beehive::Delivery delivery, Push push);

 private:
  struct Write {
    explicit Write(const boost::asio::any_io_executor& executor) : end(executor) {}
    store::Job job;
    std::size_t bytes = 512;
    std::shared_ptr<WriteOutcome> outcome = std::make_shared<WriteOutcome>();  ///< the job's
    async::Oneshot<std::exception_ptr> end;                                    ///< nullptr: it is on disk
  };
  struct Entry {
    beehive::Delivery delivery;
    Push push;
    std::unique_ptr<Write> write;  ///< nullptr: there is nothing to write
  };

  [[nodiscard]] std::unique_ptr<Write> prepare(const Push& push) const;
  static boost::asio::awaitable<WriteOutcome> stored(const Entry& entry);
  boost::asio::awaitable<void> finish(Entry entry);
  boost::asio::awaitable<void> refuse(const beehive::Message& received, const Failure& failure);

  beehive::ModuleContext& context_;
  store::Store& store_;
  Cloud& cloud_;
  ServedFeed& feed_;
  OnSettled on_settled_;
  beehive::Lanes<Entry> lanes_;  ///< by acting module
  log::Quiet overflow_;
  log::Quiet write_failure_;
};

}  // namespace edgecore::metamanager
