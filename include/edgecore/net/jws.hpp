// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/net/x509.hpp"

namespace edgecore::net {

/// JSON Web Signatures in compact form (RFC 7515 §7.1, RFC 7518 §3), as service account tokens are
/// (protocol/03-metaserver.md §4.2). JSON stays with the caller: it reads `alg` from the header, refuses a
/// `crit` it does not know, and judges the claims.

/// A service account token has about 1 KiB; a longer text than this is rejected.
inline constexpr std::size_t kCompactTokenBytes = 64UL * 1024;

/// A parsed token. Parsing does not verify it.
struct CompactToken {
  std::string header_text;    ///< decoded, to be read as JSON
  std::string payload_text;   ///< decoded, to be read as JSON
  std::string signature;      ///< raw bytes; empty in an unsecured token, which never verifies
  std::string signing_input;  ///< `header.payload` as sent: what is signed
};

/// Throws BadInput unless the text is three parts of unpadded base64url, the first two not empty, of at most
/// `max_bytes` together.
CompactToken parse_compact(std::string_view token, std::size_t max_bytes = kCompactTokenBytes);

/// The keys a token's issuer signs with. A value; immutable but for add_pem(); verifying from any thread.
class VerificationKeys {
 public:
  /// Adds every key of a PEM text: PUBLIC KEY, RSA PUBLIC KEY, CERTIFICATE, PRIVATE KEY, RSA PRIVATE KEY and
  /// EC PRIVATE KEY (of private keys only the public half is kept). Other blocks (EC PARAMETERS) are skipped,
  /// as the API server does. `name` stands for the text in errors, for example a file's path. Throws BadInput
  /// if the text has no key, or a block that is unreadable, encrypted, or neither RSA nor EC on P-256, P-384
  /// or P-521; then nothing is added.
  void add_pem(std::string_view pem, const std::string& name);

  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  [[nodiscard]] bool empty() const { return keys_.empty(); }

  /// True when one of the keys made `signature` over `signing_input` with `algorithm`: RS256, RS384, RS512,
  /// PS256, PS384, PS512, ES256, ES384 or ES512. A key is tried only with the algorithms of its kind (ES* of
  /// its curve), so a key is never used as another kind; `none`, HS* and every other algorithm never verify.
  [[nodiscard]] bool verifies(std::string_view signing_input, std::string_view algorithm,
                              std::string_view signature) const;

 private:
  struct Key;
  std::vector<std::shared_ptr<const Key>> keys_;
};

/// A signed token in compact form, for issuers (the test cloud). `header_json` must name the algorithm
/// itself. Throws BadInput for an algorithm that is not listed above or does not fit the key.
std::string sign_compact(std::string_view algorithm, const PrivateKey& key, std::string_view header_json,
                         std::string_view payload_json);

}  // namespace edgecore::net
