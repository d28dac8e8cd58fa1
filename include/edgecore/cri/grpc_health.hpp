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
  std::string host;  ///< an IP literal: pods are known by nothing else
  std::uint16_t port = 0;
  std::string service;  ///< "" = the server as a whole
  std::chrono::milliseconds timeout = std::chrono::seconds(1);
};

/// What came of it. `text` says why it is not serving or what went wrong; it may hold the server's own words.
struct HealthAnswer {
  enum class Kind {
    kServing,
    kNotServing,  ///< the server says so, does not know the service, or has no health service
    kUnreachable  ///< nobody listens, or no answer in time
  } kind = Kind::kUnreachable;
  std::string text;
};

/// Asks gRPC servers in pods for their health (probes of kind `grpc`). The seam that keeps gRPC out of who
/// probes. A call completes on the executor of the coroutine that awaits it; cancellation ends it at once
/// with boost::system::system_error (operation_aborted). Destroy it before the io_contexts of its callers;
/// what is still being asked then ends as unreachable.
class GrpcHealthChecker {
 public:
  virtual ~GrpcHealthChecker() = default;
  /// Throws BadInput when `host` is no IP address.
  virtual boost::asio::awaitable<HealthAnswer> check(HealthQuestion question) = 0;
};

/// The real one (cmake target edgecore_cri_grpc). Each check has a connection of its own, closed afterwards:
/// what is probed is that the server takes one now. A server that refuses it is tried again until the time is
/// over, as kubelet does. It costs nothing before the first check; from then on one thread that sleeps
/// between completions.
std::unique_ptr<GrpcHealthChecker> make_grpc_health_checker();

}  // namespace edgecore::cri
