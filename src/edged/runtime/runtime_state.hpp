// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/cri/runtime.hpp"

namespace edgecore::edged {

/// The state of the container runtime, from its Status every 5 s (protocol/05-edged.md §3.6). A runtime that
/// does not answer is a state of the node, not a failure of this module. Part of edged; belongs to its
/// thread.
class RuntimeState {
 public:
  RuntimeState(cri::Runtime& runtime, boost::asio::any_io_executor executor, log::Logger log,
               std::function<void()> changed);

  /// Runs until cancelled.
  boost::asio::awaitable<void> run();

  /// Whether pods may be synced: the last good answer is younger than 30 s.
  [[nodiscard]] bool usable() const;
  [[nodiscard]] bool network_ready() const { return network_trouble_.empty(); }
  /// "NetworkReady=false reason:… message:…"; empty when the network is ready.
  [[nodiscard]] const std::string& network_trouble() const { return network_trouble_; }
  /// The reasons for the node's Ready condition; empty if the runtime is ready.
  [[nodiscard]] std::vector<std::string> troubles() const;

  /// From the runtime's Version; empty before it answered.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& version() const { return version_; }

 private:
  boost::asio::awaitable<void> check();

  cri::Runtime& runtime_;
  log::Logger log_;
  std::function<void()> changed_;
  async::Event pause_;
  std::string name_, version_;
  std::optional<SteadyTime> last_good_;
  bool was_usable_ = false;
  std::string runtime_trouble_, network_trouble_ = "NetworkReady has not been reported yet";
  log::Quiet complaints_;
};

}  // namespace edgecore::edged
