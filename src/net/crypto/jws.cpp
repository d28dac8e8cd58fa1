// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/jws.hpp"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <optional>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/net/digest.hpp"
#include "net/crypto/openssl.hpp"

namespace edgecore::net {
namespace {

using DigestPtr = OpenSslPtr<EVP_MD_CTX, EVP_MD_CTX_free>;
using EcSignaturePtr = OpenSslPtr<ECDSA_SIG, ECDSA_SIG_free>;

enum class KeyKind { kRsa, kP256, kP384, kP521 };

struct Algorithm {
  std::string_view name;
  KeyKind key;
  const EVP_MD* (*digest)();
  bool pss = false;
  /// Bytes of one coordinate: ES* signatures are r and s of this size each (RFC 7518 §3.4).
  std::size_t coordinate = 0;
};

constexpr std::array<Algorithm, 9> kAlgorithms{{
    {"RS256", KeyKind::kRsa, EVP_sha256},
    {"RS384", KeyKind::kRsa, EVP_sha384},
    {"RS512", KeyKind::kRsa, EVP_sha512},
    {"PS256", KeyKind::kRsa, EVP_sha256, true},
    {"PS384", KeyKind::kRsa, EVP_sha384, true},
    {"PS512", KeyKind::kRsa, EVP_sha512, true},
    {"ES256", KeyKind::kP256, EVP_sha256, false, 32},
    {"ES384", KeyKind::kP384, EVP_sha384, false, 48},
    {"ES512", KeyKind::kP521, EVP_sha512, false, 66},
}};

const Algorithm* find_algorithm(std::string_view name) {
  const auto* const found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                         [name](const Algorithm& one) { return one.name == name; });
  return found == kAlgorithms.end() ? nullptr : found;
}

std::optional<KeyKind> kind_of(const EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  if (type == EVP_PKEY_RSA) return KeyKind::kRsa;
  if (type != EVP_PKEY_EC) return std::nullopt;
  std::array<char, 64> curve{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &size) != 1) return std::nullopt;
  switch (OBJ_txt2nid(curve.data())) {
    case NID_X9_62_prime256v1:
      return KeyKind::kP256;
    case NID_secp384r1:
      return KeyKind::kP384;
    case NID_secp521r1:
      return KeyKind::kP521;
    default:
      return std::nullopt;
  }
}

/// One block of a PEM text.
struct PemBlock {
  std::string type;
  std::string der;
  bool encrypted = false;
};

/// The next block; nullopt after the last one.
std::optional<PemBlock> next_block(BIO* bio, const std::string& name) {
  char* type = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  ERR_clear_error();
  if (PEM_read_bio(bio, &type, &header, &data, &size) != 1) {
    const unsigned long code = ERR_peek_last_error();
    const bool at_end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    const std::string reason = take_openssl_error();
    if (at_end) return std::nullopt;
    throw BadInput("The PEM text " + name + " is broken: " + reason + ".");
  }
  PemBlock block;
  block.type = type;
  block.der.assign(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  block.encrypted = std::string_view(header).find("ENCRYPTED") != std::string_view::npos;
  OPENSSL_free(type);
  OPENSSL_free(header);
  OPENSSL_cleanse(data, static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return block;
}

/// Decodes with one of OpenSSL's d2i functions; null if the bytes are of another kind or have a rest.
template <class Decode>
KeyPtr decode_key(Decode decode, std::string_view der) {
  const unsigned char* at = openssl_bytes(der);
  KeyPtr key(decode(&at, static_cast<long>(der.size())));
  if (key && at != openssl_bytes(der) + der.size()) key.reset();
  return key;
}

KeyPtr public_key(std::string_view der) {
  return decode_key(
      [](const unsigned char** at, long size) -> EVP_PKEY* { return d2i_PUBKEY(nullptr, at, size); }, der);
}

KeyPtr public_half(const KeyPtr& key) {
  unsigned char* der = nullptr;
  const int size = key ? i2d_PUBKEY(key.get(), &der) : 0;
  if (size <= 0) return nullptr;
  KeyPtr half = public_key({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return half;
}

bool holds_key(std::string_view type) {
  constexpr std::array<std::string_view, 7> kTypes{
      "PUBLIC KEY",      "RSA PUBLIC KEY", "CERTIFICATE",          "PRIVATE KEY",
      "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

/// The public key of a block that holds one; null when it cannot be read.
KeyPtr read_key(const PemBlock& block) {
  if (block.type == "PUBLIC KEY") return public_key(block.der);
  if (block.type == "RSA PUBLIC KEY")
    return decode_key([](const unsigned char** at,
                         long size) -> EVP_PKEY* { return d2i_PublicKey(EVP_PKEY_RSA, nullptr, at, size); },
                      block.der);
  if (block.type == "CERTIFICATE")
    return KeyPtr(X509_get_pubkey(Certificate::from_der(block.der).impl().x509.get()));
  return public_half(decode_key(
      [](const unsigned char** at, long size) -> EVP_PKEY* { return d2i_AutoPrivateKey(nullptr, at, size); },
      block.der));
}

/// Sets the padding of RSA; the salt of PS* is as long as the digest (RFC 7518 §3.5).
bool set_padding(EVP_PKEY_CTX* context, const Algorithm& algorithm) {
  if (algorithm.key != KeyKind::kRsa) return true;
  if (!algorithm.pss) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, algorithm.digest()) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/// An ES* signature as OpenSSL wants it (a DER sequence); "" for one of the wrong size.
std::string der_signature(std::string_view raw, std::size_t coordinate) {
  if (raw.size() != 2 * coordinate) return {};
  const int size = static_cast<int>(coordinate);
  const EcSignaturePtr signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(openssl_bytes(raw), size, nullptr);
  BIGNUM* s = BN_bin2bn(openssl_bytes(raw) + coordinate, size, nullptr);
  if (!signature || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    throw Error("The crypto library has no memory left.");
  }
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(signature.get(), &der);
  if (length <= 0) return {};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

std::string raw_signature(std::string_view der, std::size_t coordinate) {
  const unsigned char* at = openssl_bytes(der);
  const EcSignaturePtr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string out(2 * coordinate, '\0');
  auto* into = reinterpret_cast<unsigned char*>(out.data());
  const int size = static_cast<int>(coordinate);
  if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), into, size) != size ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), into + coordinate, size) != size)
    throw Error("The crypto library made no ECDSA signature: " + take_openssl_error() + ".");
  return out;
}

}  // namespace

struct VerificationKeys::Key {
  KeyPtr key;
  KeyKind kind;

  [[nodiscard]] bool made(std::string_view signature, std::string_view data,
                          const Algorithm& algorithm) const {
    const DigestPtr digest(EVP_MD_CTX_new());
    EVP_PKEY_CTX* context = nullptr;  // the digest's
    return digest &&
           EVP_DigestVerifyInit(digest.get(), &context, algorithm.digest(), nullptr, key.get()) == 1 &&
           set_padding(context, algorithm) &&
           EVP_DigestVerify(digest.get(), openssl_bytes(signature), signature.size(), openssl_bytes(data),
                            data.size()) == 1;
  }
};

CompactToken parse_compact(std::string_view token, std::size_t max_bytes) {
  if (token.size() > max_bytes) throw BadInput("The token is too long.");
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    throw BadInput("The token does not have three parts with dots between them.");
  if (first == 0 || second == first + 1) throw BadInput("A part of the token is empty.");
  CompactToken out;
  out.header_text = base64url_decode(token.substr(0, first));
  out.payload_text = base64url_decode(token.substr(first + 1, second - first - 1));
  out.signature = base64url_decode(token.substr(second + 1));
  out.signing_input = token.substr(0, second);
  return out;
}

void VerificationKeys::add_pem(std::string_view pem, const std::string& name) {
  const BioPtr bio = read_bio(pem);
  std::vector<std::shared_ptr<const Key>> found;
  while (const auto block = next_block(bio.get(), name)) {
    if (!holds_key(block->type)) continue;
    const std::string which =
        "Key " + std::to_string(found.size() + 1) + " of " + name + " (" + block->type + ")";
    if (block->encrypted || block->type == "ENCRYPTED PRIVATE KEY")
      throw BadInput(which + " is encrypted and cannot be used.");
    KeyPtr key;
    try {
      key = read_key(*block);
    } catch (const BadInput&) {
      // A broken certificate: reported below, as for every kind.
    }
    const std::string reason = take_openssl_error();
    if (!key) throw BadInput(which + " cannot be read: " + reason + ".");
    const auto kind = kind_of(key.get());
    if (!kind) throw BadInput(which + " is neither an RSA key nor an EC key on P-256, P-384 or P-521.");
    found.push_back(std::make_shared<const Key>(Key{std::move(key), *kind}));
  }
  if (found.empty()) throw BadInput("There is no key in the PEM text " + name + ".");
  keys_.insert(keys_.end(), found.begin(), found.end());
}

bool VerificationKeys::verifies(std::string_view signing_input, std::string_view algorithm,
                                std::string_view signature) const {
  const Algorithm* how = find_algorithm(algorithm);
  if (how == nullptr || signature.empty()) return false;
  std::string converted;
  if (how->coordinate > 0) {
    converted = der_signature(signature, how->coordinate);
    if (converted.empty()) return false;
    signature = converted;
  }
  const bool good = std::any_of(keys_.begin(), keys_.end(), [&](const auto& key) {
    return key->kind == how->key && key->made(signature, signing_input, *how);
  });
  ERR_clear_error();
  return good;
}

std::string sign_compact(std::string_view algorithm, const PrivateKey& key, std::string_view header_json,
                         std::string_view payload_json) {
  const Algorithm* how = find_algorithm(algorithm);
  EVP_PKEY* signer = key.impl().key.get();
  if (how == nullptr || kind_of(signer) != how->key)
    throw BadInput("The key cannot sign with the algorithm \"" + log::quote(algorithm) + "\".");
  std::string token = base64url(header_json) + "." + base64url(payload_json);
  const DigestPtr digest(EVP_MD_CTX_new());
  EVP_PKEY_CTX* context = nullptr;  // the digest's
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(signer)), '\0');
  std::size_t size = signature.size();
  if (!digest || EVP_DigestSignInit(digest.get(), &context, how->digest(), nullptr, signer) != 1 ||
      !set_padding(context, *how) ||
      EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     openssl_bytes(token), token.size()) != 1)
    throw Error("The token could not be signed: " + take_openssl_error() + ".");
  signature.resize(size);
  if (how->coordinate > 0) signature = raw_signature(signature, how->coordinate);
  return token + "." + base64url(signature);
}

}  // namespace edgecore::net
