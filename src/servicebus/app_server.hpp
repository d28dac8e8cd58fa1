// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/net/http_server.hpp"
#include "edgecore/servicebus/servicebus.hpp"
#include "servicebus/target_urls.hpp"

namespace edgecore::servicebus {

/// The HTTP server for programs on this node that call the cloud (protocol/04-devices.md §5.6). Listens while
/// table `target_urls` has a row. Each start makes a new server: an ending one stops listening at once and
/// finishes its calls within the grace period, while its successor may already run. One thread; all
/// references outlive it.
class AppServer {
 public:
  AppServer(beehive::ModuleContext& context, const TargetUrls& targets, const config::ServiceBus& config,
            const ServiceBusTuning& tuning);

  /// The table has changed.
  void look() { wakeup_.notify(); }

  /// Runs until cancelled. When it returns or throws, the server has ended.
  boost::asio::awaitable<void> run();

 private:
  boost::asio::awaitable<void> keep();
  bool listen();
  void close();
  static boost::asio::awaitable<void> end(std::unique_ptr<net::HttpServer> server,
                                          std::chrono::milliseconds grace);
  boost::asio::awaitable<void> handle(net::Request& request, net::Responder& responder);
  boost::asio::awaitable<std::string> answer(std::string body);
  boost::asio::awaitable<std::string> ask_cloud(beehive::Message question);

  beehive::ModuleContext& context_;
  const TargetUrls& targets_;
  const config::ServiceBus& config_;
  const ServiceBusTuning& tuning_;
  std::chrono::milliseconds answer_within_;
  std::unique_ptr<net::HttpServer> server_;
  async::TaskGroup closing_;
  async::Event wakeup_;
  log::Quiet complaints_;
};

}  // namespace edgecore::servicebus
