// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"

namespace edgecore::net {

/// Keys, certificates and certificate requests. Values: cheap to copy, immutable, any thread. Unparsable
/// input is BadInput; failures of the crypto library are Error.

/// One attribute of a distinguished name: `field` is the short name ("C", "ST", "L", "O", "OU", "CN").
struct NameEntry {
  std::string field;
  std::string value;
  bool operator==(const NameEntry&) const = default;
};
/// A distinguished name in its order of encoding.
using Name = std::vector<NameEntry>;
/// First value of `field` in `name`, "" if it is missing.
std::string name_value(const Name& name, std::string_view field);

class PrivateKey {
 public:
  /// A new EC key on P-256 (protocol/01-tunnel.md §3.2 step 4).
  static PrivateKey generate();
  /// SEC 1 "EC PRIVATE KEY", PKCS#1 "RSA PRIVATE KEY" or PKCS#8 "PRIVATE KEY"; the first key in the text.
  /// Never asks for a passphrase: an encrypted key is BadInput.
  static PrivateKey from_pem(std::string_view pem);
  /// The traditional form: "EC PRIVATE KEY" (SEC 1) for EC keys, "RSA PRIVATE KEY" for RSA.
  [[nodiscard]] std::string pem() const;
  /// As pem(), in DER; the key of the join token's HMAC (protocol/01-tunnel.md §3.1).
  [[nodiscard]] std::string der() const;
  /// The public key in DER (SubjectPublicKeyInfo), which is not secret: for a name made from it, for example.
  [[nodiscard]] std::string public_der() const;

  /// Private to this room.
  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }
  explicit PrivateKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

class Certificate {
 public:
  static Certificate from_der(std::string_view der);
  /// The first CERTIFICATE block; text and other blocks before it are skipped.
  static Certificate from_pem(std::string_view pem);
  /// All CERTIFICATE blocks, at least one.
  static std::vector<Certificate> all_from_pem(std::string_view pem);

  [[nodiscard]] std::string der() const;
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] Name subject() const;
  [[nodiscard]] Name issuer() const;
  [[nodiscard]] std::string common_name() const { return name_value(subject(), "CN"); }
  /// Validity; times beyond what WallTime holds (1677 to 2262) are clamped to its ends.
  [[nodiscard]] WallTime not_before() const;
  [[nodiscard]] WallTime not_after() const;
  /// dNSName entries of the subject alternative name, empty ones included (protocol/01-tunnel.md §2.2).
  [[nodiscard]] std::vector<std::string> dns_names() const;
  /// iPAddress entries as text.
  [[nodiscard]] std::vector<std::string> ip_addresses() const;
  [[nodiscard]] bool is_ca() const;
  /// True when the certificate's public key is the key's.
  [[nodiscard]] bool matches(const PrivateKey& key) const;

  bool operator==(const Certificate& other) const { return der() == other.der(); }

  /// Private to this room.
  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

/// A subject alternative name; other kinds of name are neither written nor read.
struct AlternativeNames {
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  ///< as text, v4 or v6
  bool operator==(const AlternativeNames&) const = default;
};

class CertificateRequest {
 public:
  /// A PKCS#10 request signed with ECDSA-SHA256; it has no extension (protocol/01-tunnel.md §3.2 step 4)
  /// except the subject alternative name if `names` is not empty (protocol/03-metaserver.md §1.4). Throws
  /// BadInput for a malformed address.
  static CertificateRequest make(const PrivateKey& key, const Name& subject,
                                 const AlternativeNames& names = {});
  static CertificateRequest from_der(std::string_view der);
  /// The first CERTIFICATE REQUEST block; text and other blocks before it are skipped.
  static CertificateRequest from_pem(std::string_view pem);
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] std::string der() const;
  [[nodiscard]] Name subject() const;
  /// The requested alternative names.
  [[nodiscard]] std::vector<std::string> dns_names() const;
  [[nodiscard]] std::vector<std::string> ip_addresses() const;
  /// True when the request is signed by the key it holds.
  [[nodiscard]] bool signature_valid() const;
  [[nodiscard]] bool matches(const PrivateKey& key) const;

  /// Private to this room.
  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }
  explicit CertificateRequest(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

/// The contents of a certificate to be issued.
struct CertificateTemplate {
  Name subject;
  WallTime not_before;
  WallTime not_after;
  /// A random 63-bit number when absent.
  std::optional<unsigned long> serial;
  /// basicConstraints CA and keyCertSign; else digitalSignature and keyEncipherment.
  bool is_ca = false;
  bool server_auth = false;
  bool client_auth = false;
  /// May hold an empty name, as CloudCore's own certificates do.
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
};

/// Signs with the subject's own key: for a CA, or for a server until it has a certificate. Throws BadInput
/// for contents that cannot be encoded.
Certificate self_sign(const CertificateTemplate& what, const PrivateKey& key);
/// Signs for the holder of `subject_key`.
Certificate sign(const CertificateTemplate& what, const PrivateKey& subject_key, const Certificate& ca,
                 const PrivateKey& ca_key);
/// Signs for the request's public key. The subject and names are the template's: copy those that you grant
/// from the request.
Certificate sign(const CertificateTemplate& what, const CertificateRequest& request, const Certificate& ca,
                 const PrivateKey& ca_key);

enum class CertificatePurpose { kAny, kServer, kClient };
/// Checks that `leaf` is signed by one of `roots`, is valid at `when` and may be used for `purpose`. nullopt
/// if it is valid, else the reason as a clause ("it expired on …").
std::optional<std::string> verify(const Certificate& leaf, const std::vector<Certificate>& roots,
                                  CertificatePurpose purpose, WallTime when);

}  // namespace edgecore::net
