// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/authority.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <memory>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/net/digest.hpp"
#include "support/hmac.hpp"

namespace edgecore::cloudsim {
namespace {

constexpr std::chrono::hours kYear{24 * 365};
constexpr std::size_t kPemBytes = 64 * 1024;

net::PrivateKey stored_key(const std::filesystem::path& file) {
  if (const auto text = read_file(file, kPemBytes)) return net::PrivateKey::from_pem(*text);
  net::PrivateKey key = net::PrivateKey::generate();
  write_file_atomic(file, key.pem(), 0600);
  return key;
}

net::Certificate stored_ca(const std::filesystem::path& file, const net::PrivateKey& key, const char* name,
                           WallTime now) {
  if (const auto text = read_file(file, kPemBytes)) return net::Certificate::from_pem(*text);
  net::CertificateTemplate what;
  what.subject = {{"CN", name}};
  what.not_before = now - std::chrono::hours(1);
  what.not_after = now + 100 * kYear;
  what.serial = 1024;
  what.is_ca = true;
  net::Certificate ca = net::self_sign(what, key);
  write_file_atomic(file, ca.pem(), 0644);
  return ca;
}

std::filesystem::path made(const std::filesystem::path& folder) {
  make_directories(folder, 0700);
  return folder;
}

/// An ECDSA signature in the fixed-width form of a JWT (RFC 7518 §3.4).
std::string es256(const std::string& key_pem, std::string_view data) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::array<unsigned char, 256> der{};
  std::size_t length = der.size();
  if (!key || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), der.data(), &length, reinterpret_cast<const unsigned char*>(data.data()),
                     data.size()) != 1)
    throw Error("cannot sign with the service account key");
  const unsigned char* at = der.data();
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)), ECDSA_SIG_free);
  std::array<unsigned char, 64> raw{};
  if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), 32) != 32 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + 32, 32) != 32)
    throw Error("the service account key is not an ECDSA key");
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

}  // namespace

Authority::Authority(const std::filesystem::path& folder, const Clock& clock)
    : clock_(clock),
      ca_key_(stored_key(made(folder) / "ca.key")),
      ca_(stored_ca(folder / "ca.crt", ca_key_, "KubeEdge", clock.wall())),
      cluster_key_(stored_key(folder / "cluster-ca.key")),
      cluster_ca_(stored_ca(folder / "cluster-ca.crt", cluster_key_, "kubernetes", clock.wall())),
      account_key_(stored_key(folder / "service-account.key")) {}

std::string Authority::join_token(std::chrono::seconds valid) const {
  const auto expiry =
      std::chrono::duration_cast<std::chrono::seconds>((clock_.wall() + valid).time_since_epoch());
  const std::string header = net::base64url(R"({"alg":"HS256","typ":"JWT"})");
  const std::string claims = net::base64url(R"({"exp":)" + std::to_string(expiry.count()) + "}");
  const std::string text = header + "." + claims;
  return net::sha256_hex(ca_.der()) + "." + text + "." +
         net::base64url(test::hmac_sha256(ca_key_.der(), text));
}

TokenVerdict Authority::judge(std::string_view authorization) const {
  constexpr std::string_view kBearer = "Bearer ";
  if (!authorization.starts_with(kBearer)) return TokenVerdict::kMalformed;
  const std::string_view jwt = authorization.substr(kBearer.size());
  const std::size_t last = jwt.rfind('.');
  const std::size_t first = jwt.find('.');
  if (first == std::string_view::npos || last == first) return TokenVerdict::kRefused;
  const std::string_view text = jwt.substr(0, last);
  try {
    const std::string signature = net::base64url_decode(jwt.substr(last + 1));
    if (!net::equal_secrets(signature, test::hmac_sha256(ca_key_.der(), text))) return TokenVerdict::kRefused;
    const Json claims = kube::parse_json(net::base64url_decode(text.substr(first + 1)), "The token");
    const WallTime expiry{std::chrono::seconds(kube::get_int(claims, "exp"))};
    return clock_.wall() < expiry ? TokenVerdict::kGood : TokenVerdict::kRefused;
  } catch (const BadInput&) {
    return TokenVerdict::kRefused;
  }
}

net::Certificate Authority::sign_node(std::string_view csr_der) const {
  const net::CertificateRequest request = net::CertificateRequest::from_der(csr_der);
  const net::Name subject = request.subject();
  net::CertificateTemplate what;
  what.subject = {{"O", net::name_value(subject, "O")}, {"CN", net::name_value(subject, "CN")}};
  what.not_before = clock_.wall();
  what.not_after = clock_.wall() + kYear;
  what.client_auth = true;
  return net::sign(what, request, ca_, ca_key_);
}

std::string Authority::sign_serving(std::string_view csr_der, const std::vector<std::string>& dns,
                                    const std::vector<std::string>& ips) const {
  const net::CertificateRequest request = net::CertificateRequest::from_der(csr_der);
  net::CertificateTemplate what;
  what.subject = request.subject();
  what.not_before = clock_.wall() - std::chrono::minutes(5);
  what.not_after = clock_.wall() + kYear;
  what.server_auth = true;
  what.dns_names = dns;
  what.ip_addresses = ips;
  return net::sign(what, request, cluster_ca_, cluster_key_).pem();
}

std::shared_ptr<const net::TlsContext> Authority::server(net::ClientCertificate client,
                                                         ServerIdentity identity) const {
  const net::PrivateKey key = net::PrivateKey::generate();
  net::CertificateTemplate what;
  what.subject = {{"O", "KubeEdge"}, {"CN", "KubeEdge"}};
  what.not_before = clock_.wall() - std::chrono::hours(1);
  what.not_after = clock_.wall() + 100 * kYear;
  what.server_auth = true;
  // "" is CloudCore's default configuration (protocol/01-tunnel.md §2.2), the other for tests of look-ups.
  what.dns_names = {"", "cloud.test"};
  what.ip_addresses = {identity == ServerIdentity::kWrongName ? "192.0.2.1" : "127.0.0.1"};
  net::Certificate certificate = net::sign(what, key, ca_, ca_key_);
  if (identity == ServerIdentity::kWrongCa) {
    const net::PrivateKey other = net::PrivateKey::generate();
    net::CertificateTemplate stranger;
    stranger.subject = {{"CN", "KubeEdge"}};
    stranger.not_before = what.not_before;
    stranger.not_after = what.not_after;
    stranger.is_ca = true;
    certificate = net::sign(what, key, net::self_sign(stranger, other), other);
  }
  net::ServerTlsOptions options;
  options.certificate_pem = certificate.pem();
  options.key_pem = key.pem();
  options.client_certificate = client;
  options.client_ca_pem = ca_.pem();
  return net::TlsContext::server(options);
}

std::string Authority::account_token(const Json& claims) const {
  const std::string kid = net::hex(net::sha256(account_key_.pem())).substr(0, 16);
  const std::string header = net::base64url(R"({"alg":"ES256","kid":")" + kid + "\"}");
  const std::string text = header + "." + net::base64url(kube::dump_json(claims));
  return text + "." + net::base64url(es256(account_key_.pem(), text));
}

}  // namespace edgecore::cloudsim
