// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgehub/credentials.hpp"
#include "edgehub/join_token.hpp"

namespace edgecore::edgehub {

/// Gets and renews the node's certificate at CloudHub's HTTPS port (protocol/01-tunnel.md §3). The files on
/// disk are replaced only after the new certificate has passed every check. Throws net::NetError when the
/// cloud is not reachable, and BadInput when it refuses or sends an unusable answer. Runs on the caller's
/// executor.
class Enrolment {
 public:
  struct Options {
    std::string http_server;  ///< `modules.edgeHub.httpServer`, "https://host:port", no trailing slash
    std::string node_name;
    std::chrono::milliseconds timeout{30000};
  };
  Enrolment(Options options, const CredentialFiles& files, const Clock& clock);

  /// Enrols: checks the CA against the token's hash, then asks for a certificate with the token.
  boost::asio::awaitable<void> apply(JoinToken token);

  /// Renews the certificate; the present one is the credential.
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
