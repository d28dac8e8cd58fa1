// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "edgecore/base/clock.hpp"

namespace edgecore::net {

/// How a server treats client certificates.
enum class ClientCertificate {
  kNone,      ///< not requested
  kAsked,     ///< requested, but not verified by TLS: the handler calls net::verify (CloudHub's port 10002)
  kRequired,  ///< the handshake fails unless it is signed by `client_ca_pem` with clientAuth
};

struct ClientTlsOptions {
  /// The trusted certificates, and only these (the system's store is not used), as PEM.
  std::string ca_pem;
  /// Own certificate and key, both or neither. Only the first certificate of the text is sent: a CloudHub
  /// that enforces authorization (v1.18 and later) refuses a peer that shows more than one
  /// (protocol/08-later-clouds.md §3.1). If neither is given and the server asks for one, an empty list is
  /// sent.
  std::string certificate_pem;
  std::string key_pem;
  /// false: the server is not verified. For the first fetch of ca.crt, whose hash is checked
  /// (protocol/01-tunnel.md §3.2).
  bool verify_peer = true;
  /// false: chain and validity are verified, the name is not.
  bool verify_host = true;
  /// The time at which validity is checked; by default the machine's wall clock, which is wrong on boards
  /// without RTC (they boot in 1970).
  std::optional<WallTime> verify_at;
};

struct ServerTlsOptions {
  std::string certificate_pem;  ///< with its chain, which is sent too
  std::string key_pem;
  ClientCertificate client_certificate = ClientCertificate::kNone;
  /// Needed with kRequired.
  std::string client_ca_pem;
};

/// Credentials and rules for TLS connections: TLS 1.2 and 1.3, no compression, no renegotiation, no ALPN.
/// Immutable once made, shared by connections, any thread. Make a new one when the files have changed:
/// connections keep the one they were made with (pains row 37: credentials are read again at each dial).
///
/// The host of the URL is verified: a DNS name against dNSName entries with SNI sent, an IP literal against
/// iPAddress entries without SNI; the common name does not count. Empty dNSName entries are tolerated.
class TlsContext {
 public:
  /// Throws BadInput for text that is not PEM, a key that does not match the certificate, or no trusted
  /// certificate although the peer is to be verified.
  static std::shared_ptr<const TlsContext> client(const ClientTlsOptions& options);
  static std::shared_ptr<const TlsContext> server(const ServerTlsOptions& options);

  /// Reads the three files (at most 1 MiB each) and makes a client that verifies the server. `certificate`
  /// and `key` may both be empty. Throws BadInput naming the file that is missing or unusable.
  static std::shared_ptr<const TlsContext> client_from_files(const std::filesystem::path& ca,
                                                             const std::filesystem::path& certificate,
                                                             const std::filesystem::path& key);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  /// Private to this room.
  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }
  explicit TlsContext(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgecore::net
