// SPDX-License-Identifier: Apache-2.0
#include "edgehub/enrolment.hpp"

#include <optional>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/net/http_client.hpp"

namespace edgecore::edgehub {
namespace {

/// Limit for a certificate (protocol/01-tunnel.md §3.2).
constexpr std::size_t kCertificateBytes = 1U << 20U;

net::Name subject_of(const std::string& node_name) {
  return {{"C", "CN"},
          {"ST", "Zhejiang"},
          {"L", "Hangzhou"},
          {"O", "system:nodes"},
          {"CN", "system:node:" + node_name}};
}

}  // namespace

/// A request for a certificate: the trusted CA and the credential.
struct Enrolment::Ask {
  std::string ca_pem;
  std::string bearer;                ///< the token's JWT, or empty
  std::optional<Identity> identity;  ///< shown to the server, or none
};

/// A certificate that has passed every check, and its key.
struct Enrolment::Issued {
  std::string key_pem, certificate_pem;
};

Enrolment::Enrolment(Options options, const CredentialFiles& files, const Clock& clock)
    : options_(std::move(options)), files_(files), clock_(clock) {}

boost::asio::awaitable<void> Enrolment::apply(JoinToken token) {
  const std::string ca_der = co_await fetch_ca(token);
  const std::string ca_pem = net::Certificate::from_der(ca_der).pem();
  Ask ask{ca_pem, token.jwt, std::nullopt};
  const Issued issued = co_await request_certificate(std::move(ask));
  files_.store_ca(ca_pem);
  files_.store_pair(issued.key_pem, issued.certificate_pem);
}

boost::asio::awaitable<void> Enrolment::renew(Identity identity) {
  std::string ca_pem = identity.ca_pem;
  Ask ask{std::move(ca_pem), {}, std::move(identity)};
  const Issued issued = co_await request_certificate(std::move(ask));
  files_.store_pair(issued.key_pem, issued.certificate_pem);
}

boost::asio::awaitable<std::string> Enrolment::fetch_ca(JoinToken token) {
  net::ClientRequest request;
  request.url = options_.http_server + "/ca.crt";
  net::ClientTlsOptions unverified;
  unverified.verify_peer = false;  // the hash in the token verifies the answer
  request.tls = net::TlsContext::client(unverified);
  request.timeout = options_.timeout;
  request.max_response_bytes = kCertificateBytes;
  net::ClientResponse response = co_await net::fetch(std::move(request));
  if (response.status != 200) {
    throw BadInput("the cloud answered " + std::to_string(response.status) +
                   " when asked for its CA certificate");
  }
  if (!token.names(response.body)) {
    throw BadInput(
        "the cloud's CA certificate is not the one the join token was made for: the token is of another "
        "cluster or older than the cluster's CA; get a new one with `keadm gettoken`");
  }
  co_return response.body;
}

boost::asio::awaitable<Enrolment::Issued> Enrolment::request_certificate(Ask ask) {
  const net::PrivateKey key = net::PrivateKey::generate();
  const Identity* identity = ask.identity ? &*ask.identity : nullptr;
  const net::Certificate ca = net::Certificate::from_pem(ask.ca_pem);
  const WallTime now = std::max(time_for_verification(clock_.wall(), identity), ca.not_before());

  net::ClientTlsOptions tls;
  tls.ca_pem = ask.ca_pem;
  if (identity != nullptr) {
    tls.certificate_pem = identity->certificate_pem;
    tls.key_pem = identity->key_pem;
  }
  tls.verify_at = now;

  net::ClientRequest request;
  request.url = options_.http_server + "/edge.crt";
  request.tls = net::TlsContext::client(tls);
  request.timeout = options_.timeout;
  request.max_response_bytes = kCertificateBytes;
  request.body = net::CertificateRequest::make(key, subject_of(options_.node_name)).der();
  request.headers.add("NodeName", options_.node_name);
  if (!ask.bearer.empty()) request.headers.add("Authorization", "Bearer " + ask.bearer);

  const net::ClientResponse response = co_await net::fetch(std::move(request));
  if (response.status != 200) {
    throw BadInput("the cloud refused a certificate with status " + std::to_string(response.status) + ": " +
                   log::quote(response.body));
  }
  if (response.body.empty()) {
    throw BadInput(
        "the cloud answered the request for a certificate with nothing: it could not sign it; see "
        "CloudCore's log");
  }
  const net::Certificate issued = net::Certificate::from_der(response.body);
  check_issued(issued, key, options_.node_name, now);
  co_return Issued{key.pem(), issued.pem()};
}

}  // namespace edgecore::edgehub
