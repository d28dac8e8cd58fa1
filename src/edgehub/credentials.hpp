// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::edgehub {

/// Limit for files with certificates or a key.
inline constexpr std::size_t kMaxPemFileBytes = 1U << 20U;

/// The node's certificate and key, and the CA that it trusts.
struct Identity {
  net::Certificate ca;
  net::Certificate certificate;
  std::string ca_pem, certificate_pem, key_pem;
};

/// The three files of `modules.edgeHub` (protocol/01-tunnel.md §2.1, §3.2): CA and certificate 0644, key
/// 0600; the Go agent, edgestream and metaserver use them too. Blocking, small files; one thread.
class CredentialFiles {
 public:
  struct Paths {
    std::filesystem::path ca, certificate, key;
  };
  explicit CredentialFiles(Paths paths) : paths_(std::move(paths)) {}

  /// The identity, or why it cannot be loaded. A replacement that a power cut interrupted is finished or
  /// undone first, so key and certificate always match.
  [[nodiscard]] Outcome<Identity> load() const;

  /// Replaces the trusted CA. Throws BadInput for text that is not a certificate, SystemError.
  void store_ca(std::string_view pem) const;
  /// Replaces the pair so that a power cut at any moment leaves the old or the new one. Throws SystemError.
  void store_pair(std::string_view key_pem, std::string_view certificate_pem) const;

  [[nodiscard]] const Paths& paths() const { return paths_; }

 private:
  void finish_replacement() const;
  Paths paths_;
};

/// The time for verifying certificates: the wall clock, but not earlier than the release of this program and
/// the issue of the certificates in use. So a board without RTC, which boots in 1970, can join (pains row
/// 14).
WallTime time_for_verification(WallTime wall, const Identity* identity);

/// Why the cloud would refuse the identity at `now`, as a clause: expired, or not signed by the CA in the
/// file. nullopt if it is valid.
std::optional<std::string> unusable(const Identity& identity, WallTime now);

/// When to renew: NotBefore + lifetime × (0.5 + 0.1·r), r in [0,1): earlier than the Go agent's 0.7 to 0.9,
/// so that a node that is often offline has more chances (pains row 13).
WallTime renewal_time(const net::Certificate& certificate, double r);

/// Checks a certificate that was just issued: ours, for this node, not expired. Throws BadInput.
void check_issued(const net::Certificate& certificate, const net::PrivateKey& key,
                  const std::string& node_name, WallTime now);

}  // namespace edgecore::edgehub
