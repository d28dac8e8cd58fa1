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

/// Waiting reason of a container that was killed because its postStart hook failed.
inline constexpr const char* kPostStartHookError = "PostStartHookError";

/// Runs postStart and preStop handlers (protocol/05-edged.md §1.9). Stateless; belongs to edged's thread.
class Hooks {
 public:
  /// `runtime` outlives this.
  Hooks(cri::Runtime& runtime, log::Logger log);

  /// Runs after StartContainer and before the next container starts. nullopt = the hook succeeded or there is
  /// none; otherwise why it failed: kill the container with kPostStartHookError. Has no time limit: cancel it
  /// when the pod stops.
  boost::asio::awaitable<std::optional<std::string>> post_start(kube::Handler handler, ProbeTarget target);

  /// Runs before StopContainer; ends after `grace` at the latest. Failures are logged and ignored. Returns
  /// the time it took: subtract it from the grace period.
  boost::asio::awaitable<std::chrono::steady_clock::duration> pre_stop(kube::Handler handler,
                                                                       ProbeTarget target,
                                                                       std::chrono::seconds grace);

 private:
  /// Why the handler failed; nullopt = it succeeded. Throws only when cancelled.
  boost::asio::awaitable<std::optional<std::string>> run(kube::Handler handler, ProbeTarget target);
  boost::asio::awaitable<std::optional<std::string>> run_http(const kube::HttpGetAction& action,
                                                              ProbeTarget target);

  cri::Runtime& runtime_;
  log::Logger log_;
  std::shared_ptr<const net::TlsContext> any_server_;  ///< does not verify the server
};

/// The preStop handler in a container's annotation (ContainerAnnotations::pre_stop), for pods whose spec is
/// gone. monostate if the text is empty or not a handler.
kube::Handler parse_hook(std::string_view annotation);

}  // namespace edgecore::edged
