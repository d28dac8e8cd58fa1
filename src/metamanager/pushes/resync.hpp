// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/store/store.hpp"
#include "metamanager/cloud/cloud.hpp"
#include "metamanager/delivery/served_feed.hpp"
#include "metamanager/objects/application.hpp"
#include "metamanager/objects/served_kinds.hpp"

namespace edgecore::metamanager {

/// Refills a database that lost its pods. CloudHub sends only what is newer than what it believes delivered
/// (protocol/02-metamanager.md §5), so the node must ask: it lists its pods through the cloud's
/// DynamicController (protocol/03-metaserver.md §3), stores them and hands them to edged as updates.
/// docs/metamanager.md says what that cannot bring back. Belongs to the module's thread.
class Resync {
 public:
  Resync(beehive::ModuleContext& context, store::Store& store, const store::Reader& reader, Cloud& cloud,
         ServedKinds& kinds, ServedFeed& feed, std::string node_name, std::chrono::milliseconds timeout,
         std::chrono::milliseconds pause);

  /// Ends when all pods are stored; at once if nothing was lost.
  boost::asio::awaitable<void> run();
  /// A connection began.
  void on_connected();

 private:
  [[nodiscard]] bool needed() const;
  boost::asio::awaitable<void> pause_until_next_attempt();
  /// True when all pages were stored; else `failure_` says why.
  boost::asio::awaitable<bool> list_pods();
  boost::asio::awaitable<bool> fetch_page(const std::string& continuation, PodPage& page);
  boost::asio::awaitable<void> store_page(const PodPage& page);
  void report_failure();

  beehive::ModuleContext& context_;
  store::Store& store_;
  const store::Reader& reader_;
  Cloud& cloud_;
  ServedKinds& kinds_;
  ServedFeed& feed_;
  std::string node_name_;
  std::chrono::milliseconds timeout_;
  std::chrono::milliseconds first_pause_;
  SteadyTimer wake_;
  unsigned attempts_ = 0;  ///< since the connection began
  bool connected_anew_ = false;
  std::size_t received_ = 0;
  std::string failure_;
};

}  // namespace edgecore::metamanager
