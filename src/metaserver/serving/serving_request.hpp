// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgecore/kube/json.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::metaserver {

/// The CertificateSigningRequest of the serving certificate (protocol/03-metaserver.md §1.4). Pure functions.

/// What the certificate has to say.
struct ServingTemplate {
  std::string node_name;
  std::vector<std::string> ip_addresses;  ///< as inet_ntop writes them

  /// O=system:nodes, CN=system:node:<node>.
  [[nodiscard]] net::Name subject() const;
  /// Why `certificate` does not serve as one: a clause; nullopt when it does. What it says besides does not
  /// matter.
  [[nodiscard]] std::optional<std::string> flaw(const net::Certificate& certificate) const;
};

/// metaserver-csr-<node>-<8 hex digits of the public key's digest>: a request of another key has another
/// name, so that what an earlier life of the node has left in the cluster is in nobody's way
/// (protocol/07-observed.md). At most 253 characters; a node name that is too long is cut.
std::string signing_request_name(const std::string& node_name, const net::PrivateKey& key);

/// The object that asks for it, as CloudCore's approver takes it.
Json signing_request(const std::string& name, const net::PrivateKey& key, const ServingTemplate& what);

/// Whether the object, which somebody has created under our name, asks for just this with this key.
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
