// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/bus.hpp"

namespace edgecore::beehive {

/// What the Supervisor gives to one life (run) of a module. Valid for that life; belongs to the module's
/// thread.
struct ModuleContext {
  std::string name;
  Bus& bus;
  std::shared_ptr<Mailbox> mailbox;
  /// The executor of the module's own thread; never block it. Other threads may keep copies that outlive the
  /// life; what they post after its end is dropped. To wait for another thread, use async::Oneshot,
  /// async::ThreadEvent or async::on_pool. A handler that another thread posts must not own the coroutine:
  /// after the life has ended it would destroy the coroutine on the wrong thread, and the coroutine refers to
  /// a module that is gone.
  boost::asio::any_io_executor executor;
  const Clock& clock;
  log::Logger log;
};

/// One module = one thread = one io_context (docs/architecture.md, Threads). A fresh object is made for each
/// life.
class Module {
 public:
  virtual ~Module() = default;

  /// Runs the module until it is cancelled; then it must stop what it started and return or throw
  /// operation_aborted. If it returns or throws without cancellation, it has failed, and the Supervisor
  /// restarts the module with back-off. Exceptions of child tasks reach run() through TaskGroup.
  virtual boost::asio::awaitable<void> run() = 0;
};

using ModuleFactory = std::function<std::unique_ptr<Module>(ModuleContext&)>;

}  // namespace edgecore::beehive
