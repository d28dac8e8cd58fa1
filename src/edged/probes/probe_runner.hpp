// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/cri/grpc_health.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edgecore/kube/pod.hpp"
#include "edgecore/net/http_client.hpp"
#include "edgecore/net/tls.hpp"

namespace edgecore::edged {

/// What a probe or hook is run against.
struct ProbeTarget {
  std::string container_id;
  std::string pod_ip;                         ///< the default host
  const kube::Container* container = nullptr; /**< whose ports may be named; outlives the run */
};

/// What a container says to a probe or hook goes into logs and reasons at most with so many bytes.
inline constexpr std::size_t kAnswerTextBytes = 300;

/// How one execution of a probe went.
struct ProbeReply {
  enum class Kind {
    kSuccess,
    kFailure,  ///< the container gave a bad answer, or none in time
    kError     ///< could not be run at all (runtime away, unknown port): says nothing about the container
  } kind = Kind::kError;
  std::string text;  ///< for the log; what the container said is in it, cut and with escapes
};

/// Runs single probes (protocol/05-edged.md §1.9). Stateless; used by one thread.
class ProbeRunner {
 public:
  /// `health` may be nullptr: then gRPC probes are errors that say so. Both outlive this.
  ProbeRunner(cri::Runtime& runtime, cri::GrpcHealthChecker* health);

  /// Never throws but for cancellation. Ends within `timeout` and, for exec, what the runtime takes to say
  /// so.
  boost::asio::awaitable<ProbeReply> run(const kube::Handler& handler, std::chrono::seconds timeout,
                                         ProbeTarget target);

 private:
  boost::asio::awaitable<ProbeReply> run_exec(const kube::ExecAction& action, std::chrono::seconds timeout,
                                              std::string container_id);
  boost::asio::awaitable<ProbeReply> run_http(const kube::HttpGetAction& action, std::chrono::seconds timeout,
                                              ProbeTarget target);
  boost::asio::awaitable<ProbeReply> run_tcp(const kube::TcpSocketAction& action,
                                             std::chrono::seconds timeout, ProbeTarget target);
  boost::asio::awaitable<ProbeReply> run_grpc(const kube::GrpcAction& action, std::chrono::seconds timeout,
                                              std::string host);

  cri::Runtime& runtime_;
  cri::GrpcHealthChecker* health_;
  std::shared_ptr<const net::TlsContext> any_server_;  ///< verifies nothing
};

/// The number of a port given by number or by the name of one of the container's ports. nullopt: there is
/// none.
std::optional<std::uint16_t> resolve_port(const kube::IntOrString& port, const kube::Container& container);

/// The request an httpGet stands for, without time limit. `user_agent` is sent unless the headers say
/// otherwise. Throws BadInput when the port cannot be resolved.
net::ClientRequest http_request(const kube::HttpGetAction& action, const ProbeTarget& target,
                                std::string_view user_agent);

}  // namespace edgecore::edged
