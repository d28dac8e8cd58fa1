// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgecore/kube/json.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::metaserver {

/// The CertificateSigningRequest of the serving certificate (protocol/03-metaserver.md §1.4). Pure functions.

/// The subject and names of the certificate.
struct ServingTemplate {
  std::string node_name;
  std::vector<std::string> ip_addresses;  ///< as inet_ntop writes them

  /// O=system:nodes, CN=system:node:<node>.
  [[nodiscard]] net::Name subject() const;
  /// Why `certificate` does not fit, a clause; nullopt if it does. Further names do not matter.
  [[nodiscard]] std::optional<std::string> flaw(const net::Certificate& certificate) const;
};

/// metaserver-csr-<node>-<8 hex digits of the public key's digest>: a request of another key has another
/// name, so that requests left in the cluster by an earlier installation of the node do not block it
/// (protocol/07-observed.md). At most 253 characters; a node name that is too long is cut.
std::string signing_request_name(const std::string& node_name, const net::PrivateKey& key);

/// The CertificateSigningRequest, in the form that CloudCore's approver accepts.
Json signing_request(const std::string& name, const net::PrivateKey& key, const ServingTemplate& what);

/// Whether an existing object of this name asks for the same certificate with the same key.
bool asks_for(const Json& object, const net::PrivateKey& key, const ServingTemplate& what);

/// How far a request has come.
struct SigningState {
  enum class Kind {
    kPending,
    kIssued,   ///< `chain_pem` is there
    kRefused,  ///< for good: denied, or the signer failed; `why`
  } kind = Kind::kPending;
  std::string chain_pem;
  std::string why;
};
SigningState signing_state(const Json& object);

}  // namespace edgecore::metaserver
