// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "edgecore/base/clock.hpp"

namespace edgecore::net {

/// What a server does about client certificates.
enum class ClientCertificate {
  kNone,   ///< not asked for
  kAsked,  ///< asked for, not verified by TLS: the handler judges it with net::verify (CloudHub's port 10002)
  kRequired,  ///< must be there and be signed by `client_ca_pem` with clientAuth; else the handshake fails
};

struct ClientTlsOptions {
  /// The trusted certificates, and only these (the system's store is not used), as PEM.
  std::string ca_pem;
  /// Own certificate and key, both or neither. Only the first certificate of the text is sent: a CloudHub
  /// that enforces authorization (v1.18 and later) refuses a peer that shows more than one
  /// (protocol/08-later-clouds.md §3.1). When neither is given and the server asks, an empty list is sent.
  std::string certificate_pem;
  std::string key_pem;
  /// false: nothing is verified. For the first fetch of ca.crt, whose hash is checked (protocol/01-tunnel.md
  /// §3.2).
  bool verify_peer = true;
  /// false: chain and validity are verified, the name is not.
  bool verify_host = true;
  /// The time at which validity is judged; the machine's wall clock when absent (boards without RTC boot in
  /// 1970).
  std::optional<WallTime> verify_at;
};

struct ServerTlsOptions {
  std::string certificate_pem;  ///< with its chain, which is sent
  std::string key_pem;
  ClientCertificate client_certificate = ClientCertificate::kNone;
  /// Needed with `required`.
  std::string client_ca_pem;
};

/// Credentials and rules for TLS connections: TLS 1.2 and 1.3, no compression, no renegotiation, no ALPN.
/// Immutable once made, shared by connections, any thread. Make a new one when the files changed: connections
/// made with the old one are not touched (pains row 37: credentials are read anew at each dial).
///
/// The name that is verified is the host of the URL: a DNS name against dNSName entries with SNI sent, an IP
/// literal against iPAddress entries without SNI; the common name does not count. Empty dNSName entries are
/// tolerated.
class TlsContext {
 public:
  /// Throws BadInput: text that is no PEM, key that does not match the certificate, nothing trusted though
  /// verifying.
  static std::shared_ptr<const TlsContext> client(const ClientTlsOptions& options);
  static std::shared_ptr<const TlsContext> server(const ServerTlsOptions& options);

  /// Reads the three files (at most 1 MiB each) and makes a verifying client. `certificate` and `key` may
  /// both be empty. Throws BadInput naming the file that is missing or unusable.
  static std::shared_ptr<const TlsContext> client_from_files(const std::filesystem::path& ca,
                                                             const std::filesystem::path& certificate,
                                                             const std::filesystem::path& key);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  /// For this room.
  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }
  explicit TlsContext(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgecore::net
