// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "edgecore/base/log.hpp"
#include "edgecore/cri/runtime.hpp"

namespace edgecore::edged {

/// Keeps the stream of the runtime's task events open: opens it again with back-off when it breaks, gives up
/// if the runtime does not have it. Events in between are lost; ExitWatch and lists find those ends. Part of
/// edged; belongs to its thread.
class ExitFeed {
 public:
  using Told = std::function<void(const cri::TaskEvent&)>;
  ExitFeed(cri::Runtime& runtime, log::Logger log, Told told);

  /// Runs until cancelled, or until the runtime says that it has no such events.
  boost::asio::awaitable<void> run();

 private:
  boost::asio::awaitable<void> follow();
  void complain(const cri::CallError& error);

  cri::Runtime& runtime_;
  log::Logger log_;
  Told told_;
  log::Quiet complaints_;
};

}  // namespace edgecore::edged
