// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/log.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edged/probes/probe_runner.hpp"

namespace edgecore::edged {

/// Reason of a container that was killed because its postStart hook failed.
inline constexpr const char* kPostStartHookError = "PostStartHookError";

/// Runs postStart and preStop handlers (protocol/05-edged.md §1.9). Stateless; belongs to edged's thread.
class Hooks {
 public:
  /// `runtime` outlives this.
  Hooks(cri::Runtime& runtime, log::Logger log);

  /// After StartContainer and before the next container. nullopt = it succeeded (or there is none); else why
  /// not: kill the container, kPostStartHookError. Has no time limit of its own: cancel it when the pod is to
  /// stop.
  boost::asio::awaitable<std::optional<std::string>> post_start(kube::Handler handler, ProbeTarget target);

  /// Before StopContainer; ends after `grace` at the latest. What it comes to is logged and otherwise of no
  /// importance. Returns the time it took: to be taken off the grace period.
  boost::asio::awaitable<std::chrono::steady_clock::duration> pre_stop(kube::Handler handler,
                                                                       ProbeTarget target,
                                                                       std::chrono::seconds grace);

 private:
  /// How it failed; nullopt = it did not. Throws only when cancelled.
  boost::asio::awaitable<std::optional<std::string>> run(kube::Handler handler, ProbeTarget target);
  boost::asio::awaitable<std::optional<std::string>> run_http(const kube::HttpGetAction& action,
                                                              ProbeTarget target);

  cri::Runtime& runtime_;
  log::Logger log_;
  std::shared_ptr<const net::TlsContext> any_server_;  ///< verifies nothing
};

/// The preStop handler that a container carries in its annotation (ContainerAnnotations::pre_stop), for pods
/// whose spec is gone. monostate when the text is empty or no handler.
kube::Handler parse_hook(std::string_view annotation);

}  // namespace edgecore::edged
