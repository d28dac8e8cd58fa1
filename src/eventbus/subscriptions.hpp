// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "edgecore/async/event.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/store/store.hpp"
#include "eventbus/retry_pause.hpp"

namespace edgecore::eventbus {

/// The cloud's topic filters (table `sub_topics`), besides the fixed ones. The cloud sends each once, expects
/// no answer and never repeats it, so writes are retried until the database has them (protocol/04-devices.md
/// §1.6, §5.3). Belongs to the module's thread.
class Subscriptions {
 public:
  static constexpr std::size_t kMost = 4096;

  Subscriptions(beehive::ModuleContext& context, store::Store& store);
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;
  /// Waits for the running write, whose completion is posted to this thread's loop.
  ~Subscriptions();

  /// True if brokers have to subscribe to it now: it is valid, new and not a fixed one. An invalid one is
  /// logged.
  bool add(const std::string& filter);
  /// True if it was there.
  bool remove(const std::string& filter);
  [[nodiscard]] const std::set<std::string>& filters() const { return filters_; }

  /// Writes the changes until cancelled.
  boost::asio::awaitable<void> run();

 private:
  using Changes = std::map<std::string, bool>;  ///< filter → whether the cloud wants it
  beehive::ModuleContext& context_;
  store::Store& store_;
  std::set<std::string> filters_;
  Changes changes_;  ///< not yet in the database
  async::Event changed_;
  RetryPause pause_{RetryPause::Limits()};
  log::Quiet failures_;
};

}  // namespace edgecore::eventbus
