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

/// The topic filters the cloud wants messages of (table `sub_topics`), besides the fixed ones. The cloud says
/// each once and never again, and gets no answer: so they are written until the database has them
/// (protocol/04-devices.md §1.6, §5.3). Belongs to the module's thread.
class Subscriptions {
 public:
  static constexpr std::size_t kMost = 4096;

  Subscriptions(beehive::ModuleContext& context, store::Store& store);
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;
  /// Waits for the write under way: its completion comes back to this thread's loop.
  ~Subscriptions();

  /// True when brokers have to be asked for it now: it is valid, new and none of the fixed ones. What is
  /// wrong is logged.
  bool add(const std::string& filter);
  /// True when it was there.
  bool remove(const std::string& filter);
  [[nodiscard]] const std::set<std::string>& filters() const { return filters_; }

  /// Writes the changes until cancelled.
  boost::asio::awaitable<void> run();

 private:
  using Changes = std::map<std::string, bool>;  ///< filter: whether it is wanted
  beehive::ModuleContext& context_;
  store::Store& store_;
  std::set<std::string> filters_;
  Changes changes_;  ///< not in the database yet
  async::Event changed_;
  RetryPause pause_{RetryPause::Limits()};
  log::Quiet failures_;
};

}  // namespace edgecore::eventbus
