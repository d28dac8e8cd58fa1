// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <set>
#include <string>

#include "edgecore/async/event.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/servicebus/servicebus.hpp"

namespace edgecore::servicebus {

/// The URLs that programs on this node may call through the cloud: the rows of table `target_urls`, which
/// only this object changes. One thread.
class TargetUrls {
 public:
  /// Limits of number and length.
  static constexpr std::size_t kMostUrls = 1024;
  static constexpr std::size_t kUrlBytes = std::size_t{8} * 1024;

  /// `changed` is called after served() has changed.
  TargetUrls(beehive::ModuleContext& context, store::Store& store, const ServiceBusTuning& tuning,
             std::function<void()> changed);

  /// A rule needs `url`. It is served once its row is on disk.
  void start(const std::string& url);
  /// A rule was removed; the cloud may spell the URL as its router's path clean-up leaves it (`http:/a` for
  /// `http://a`). Not served any more once the row is deleted.
  void stop(const std::string& url);

  [[nodiscard]] bool served(const std::string& url) const { return on_disk_.contains(url); }
  [[nodiscard]] bool empty() const { return on_disk_.empty(); }

  /// Writes changes until cancelled. Retries if the database refuses for a while (a full disk), because the
  /// cloud does not repeat itself.
  boost::asio::awaitable<void> run();

 private:
  boost::asio::awaitable<bool> write();

  beehive::ModuleContext& context_;
  store::Store& store_;
  const ServiceBusTuning& tuning_;
  std::function<void()> changed_;
  std::set<std::string> wanted_;
  std::set<std::string> on_disk_;
  async::Event wakeup_;
  log::Quiet refused_, complaints_;
};

}  // namespace edgecore::servicebus
