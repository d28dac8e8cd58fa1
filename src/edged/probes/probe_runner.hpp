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

/// The container that a probe or hook runs against.
struct ProbeTarget {
  std::string container_id;
  std::string pod_ip;                         ///< the default host
  const kube::Container* container = nullptr; /**< whose ports may be named; outlives the run */
  std::string pod_uid = {};                   ///< whose name look-ups these are
};

/// Limit of a container's answer in logs and reasons.
inline constexpr std::size_t kAnswerTextBytes = 300;

/// The result of one probe.
struct ProbeReply {
  enum class Kind {
    kSuccess,
    kFailure,  ///< a bad answer, or none in time
    kError     ///< it could not run (runtime unreachable, unknown port): says nothing about the container
  } kind = Kind::kError;
  std::string text;  ///< for the log; the container's answer in it is cut and quoted
};

/// Runs single probes (protocol/05-edged.md §1.9). Stateless; used by one thread.
class ProbeRunner {
 public:
  /// `health` may be nullptr: gRPC probes are then errors with a text. Both outlive this.
  ProbeRunner(cri::Runtime& runtime, cri::GrpcHealthChecker* health);

  /// Throws only when cancelled. Ends within `timeout`; for exec, the runtime may take a little longer to
  /// answer.
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
  std::shared_ptr<const net::TlsContext> any_server_;  ///< does not verify the server
};

/// The number of a port that is given by number or by the name of one of the container's ports. nullopt if
/// there is none.
std::optional<std::uint16_t> resolve_port(const kube::IntOrString& port, const kube::Container& container);

/// The request of an httpGet action, without a time limit. `user_agent` is sent unless the action's headers
/// set one. Throws BadInput if the port cannot be resolved.
net::ClientRequest http_request(const kube::HttpGetAction& action, const ProbeTarget& target,
                                std::string_view user_agent);

/// Redirects that a probe or hook follows.
inline constexpr int kProbeRedirects = 10;

/// The URL that an answer sends the asker of `from` to, resolved against it: nullopt when that is another
/// host, or nowhere. As Go's edge, any port of the host will do: a server may send from http to https.
std::optional<std::string> redirect_on_same_host(const std::string& from, int status,
                                                 std::string_view location);

}  // namespace edgecore::edged
