// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "edgecore/async/event.hpp"
#include "edgecore/base/outcome.hpp"
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
  /// Until all pages are stored.
  boost::asio::awaitable<Outcome<void>> list_pods();
  /// Throws Error.
  boost::asio::awaitable<PodPage> fetch_page(const std::string& continuation);
  boost::asio::awaitable<void> store_page(const PodPage& page);
  void report(const Failure& failure);

  beehive::ModuleContext& context_;
  store::Store& store_;
  const store::Reader& reader_;
  Cloud& cloud_;
  ServedKinds& kinds_;
  ServedFeed& feed_;
  std::string node_name_;
  std::chrono::milliseconds timeout_;
  std::chrono::milliseconds first_pause_;
  async::Event connected_;  ///< a connection began
  unsigned attempts_ = 0;   ///< since then
};

}  // namespace edgecore::metamanager
