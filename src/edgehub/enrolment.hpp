// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgehub/credentials.hpp"
#include "edgehub/join_token.hpp"

namespace edgecore::edgehub {

/// Gets and renews the node's certificate at CloudHub's HTTPS port (protocol/01-tunnel.md §3). What is on
/// disk stays as it is until the new certificate has passed every check. Throws net::NetError when the cloud
/// is not reachable and BadInput when it refuses or sends something unusable; the texts say which. Runs on
/// the caller's executor.
class Enrolment {
 public:
  struct Options {
    std::string http_server;  ///< `modules.edgeHub.httpServer`, "https://host:port", no trailing slash
    std::string node_name;
    std::chrono::milliseconds timeout{30000};
  };
  Enrolment(Options options, const CredentialFiles& files, const Clock& clock);

  /// First application, or a new one: checks the CA against the token's hash, then asks for a certificate
  /// with it.
  boost::asio::awaitable<void> apply(JoinToken token);

  /// Renewal with the present certificate as credential.
  boost::asio::awaitable<void> renew(Identity identity);

 private:
  boost::asio::awaitable<std::string> fetch_ca(JoinToken token);
  struct Ask;
  struct Issued;
  boost::asio::awaitable<Issued> request_certificate(Ask ask);

  Options options_;
  const CredentialFiles& files_;
  const Clock& clock_;
};

}  // namespace edgecore::edgehub
