// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/store/store.hpp"
#include "metamanager/cloud/cloud.hpp"
#include "metamanager/delivery/served_feed.hpp"
#include "metamanager/objects/application.hpp"
#include "metamanager/objects/served_kinds.hpp"

namespace edgecore::metamanager {

/// Refills a database that lost its objects. CloudHub sends only what is newer than what it believes
/// delivered (protocol/02-metamanager.md §5), and answers the node's question for its devices with nothing
/// (protocol/04-devices.md §2.4). So the node lists its pods, then its devices with their models, through the
/// cloud's DynamicController (protocol/03-metaserver.md §3), stores them and hands them to the module that
/// acts on them as updates.
/// docs/metamanager.md says what that cannot bring back. Belongs to the module's thread.
class Resync {
 public:
  Resync(beehive::ModuleContext& context, store::Store& store, const store::Reader& reader, Cloud& cloud,
         ServedKinds& kinds, ServedFeed& feed, std::string node_name, std::chrono::milliseconds timeout,
         std::chrono::milliseconds pause);

  /// Ends when everything is stored; at once if nothing was lost.
  boost::asio::awaitable<void> run();
  /// A connection began.
  void on_connected();

 private:
  [[nodiscard]] bool needed() const;
  boost::asio::awaitable<void> pause_until_next_attempt();
  enum class Mark { kNone, kPodsAreBack, kEverythingIsBack };
  using Models = std::set<std::pair<std::string, std::string>>;  // namespace, name

  // All of these throw Error.
  boost::asio::awaitable<void> refill();
  boost::asio::awaitable<void> list_pods();
  boost::asio::awaitable<void> list_devices();
  /// Stores all pages of a type; the mark is set with the last one. Returns the number of objects.
  boost::asio::awaitable<std::size_t> list(std::string type, Mark mark, Models* models);
  boost::asio::awaitable<void> fetch_models(Models models);
  /// Returns the answer's content.
  boost::asio::awaitable<Json> ask(beehive::Message question);
  boost::asio::awaitable<void> store_objects(std::string type, std::vector<Json> objects, Mark mark);
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
  async::Event connected_;        ///< a connection began
  unsigned attempts_ = 0;         ///< since then
  const char* missing_ = "pods";  ///< what the last attempt was about, for the log
};

}  // namespace edgecore::metamanager
