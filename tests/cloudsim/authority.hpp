// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/net/tls.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::cloudsim {

/// The result of checking an edge node's bearer token.
enum class TokenVerdict : std::uint8_t { kGood, kMalformed, kRefused };

/// Everything the cloud signs: the CA of CloudCore with its server and node certificates and join tokens
/// (protocol/01-tunnel.md §3), and the cluster's own CA and service account key. Kept as PEM files in a
/// folder, so that a restart of the cloud keeps the trust of its nodes.
class Authority {
 public:
  /// Loads the files in `folder` and creates missing ones. `clock` must outlive it.
  Authority(const std::filesystem::path& folder, const Clock& clock);

  [[nodiscard]] const net::Certificate& ca() const { return ca_; }
  /// The cluster's CA as PEM: the content of `k8s/ca.crt` and kube-root-ca.crt.
  [[nodiscard]] std::string cluster_ca_pem() const { return cluster_ca_.pem(); }

  /// `<caHash>.<jwt>`, valid for `valid` from now (negative: expired already).
  [[nodiscard]] std::string join_token(std::chrono::seconds valid) const;
  [[nodiscard]] TokenVerdict judge(std::string_view authorization) const;

  /// Signs a node's CSR (DER). Throws BadInput if it is unreadable.
  [[nodiscard]] net::Certificate sign_node(std::string_view csr_der) const;
  /// Signs the CSR of a CertificateSigningRequest with the cluster's CA: a serving certificate, as PEM.
  [[nodiscard]] std::string sign_serving(std::string_view csr_der, const std::vector<std::string>& dns,
                                         const std::vector<std::string>& ips) const;

  enum class ServerIdentity : std::uint8_t { kRight, kWrongName, kWrongCa };
  /// Credentials for the cloud's own ports, with a certificate made for the call.
  [[nodiscard]] std::shared_ptr<const net::TlsContext> server(net::ClientCertificate client,
                                                              ServerIdentity identity) const;

  /// A service account token signed with ES256; `claims` is the payload.
  [[nodiscard]] std::string account_token(const Json& claims) const;

 private:
  const Clock& clock_;
  net::PrivateKey ca_key_;
  net::Certificate ca_;
  net::PrivateKey cluster_key_;
  net::Certificate cluster_ca_;
  net::PrivateKey account_key_;
};

}  // namespace edgecore::cloudsim
