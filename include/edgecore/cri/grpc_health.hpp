// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace edgecore::cri {

/// One question of the gRPC health protocol (`grpc.health.v1.Health/Check`), in plain text over TCP.
struct HealthQuestion {
  std::string host;  ///< an IP literal: a pod has no host name
  std::uint16_t port = 0;
  std::string service;  ///< "" = the server as a whole
  std::chrono::milliseconds timeout = std::chrono::seconds(1);
};

/// The result. `text` says why the server is not serving or what went wrong; it may hold the server's own
/// text.
struct HealthAnswer {
  enum class Kind {
    kServing,
    kNotServing,  ///< the server's answer, or it does not know the service, or has no health service
    kUnreachable  ///< nobody listens, or no answer in time
  } kind = Kind::kUnreachable;
  std::string text;
};

/// Checks gRPC servers in pods (probes of kind `grpc`). The seam that keeps gRPC out of the probes' code. A
/// call completes on the executor of the coroutine that awaits it; cancellation ends it at once with
/// boost::system::system_error (operation_aborted). Destroy it before the io_contexts of its callers; running
/// checks then end as unreachable.
class GrpcHealthChecker {
 public:
  virtual ~GrpcHealthChecker() = default;
  /// Throws BadInput if `host` is not an IP address.
  virtual boost::asio::awaitable<HealthAnswer> check(HealthQuestion question) = 0;
};

/// The gRPC implementation (cmake target edgecore_cri_grpc). Each check opens a connection of its own and
/// closes it, because accepting one is part of what is probed. A refused connection is retried until the
/// time-out, as kubelet does. Costs nothing before the first check; from then on one thread that sleeps
/// between completions.
std::unique_ptr<GrpcHealthChecker> make_grpc_health_checker();

}  // namespace edgecore::cri
