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

/// What the Supervisor gives to one life of a module. Lives as long as that life; belongs to the module's
/// thread.
struct ModuleContext {
  std::string name;
  Bus& bus;
  std::shared_ptr<Mailbox> mailbox;
  /// Of the module's own thread; never block it. Copies may go to other threads and outlive the life: what is
  /// posted when that is over is dropped. A coroutine that waits for another thread uses async::Oneshot,
  /// async::ThreadEvent or async::on_pool. A handler that is posted from another thread must not own the
  /// coroutine: it would destroy it there, after the module the coroutine refers to.
  boost::asio::any_io_executor executor;
  const Clock& clock;
  log::Logger log;
};

/// One module = one thread = one io_context (docs/architecture.md, Threads). A fresh object is made for each
/// life.
class Module {
 public:
  virtual ~Module() = default;

  /// The life of the module. Runs until it is cancelled (then it stops what it started and returns or throws
  /// operation_aborted). To return or throw without having been cancelled is a failure: the Supervisor starts
  /// the module again with back-off. Exceptions of child tasks reach run() through TaskGroup.
  virtual boost::asio::awaitable<void> run() = 0;
};

using ModuleFactory = std::function<std::unique_ptr<Module>(ModuleContext&)>;

}  // namespace edgecore::beehive
