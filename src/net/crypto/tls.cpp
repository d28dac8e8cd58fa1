// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/tls.hpp"

#include <openssl/err.h>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "net/crypto/openssl.hpp"

namespace edgecore::net {
namespace {

constexpr std::size_t kCredentialFileBytes = 1024UL * 1024;

SslContextPtr make_context(const SSL_METHOD* method) {
  SslContextPtr context(SSL_CTX_new(method));
  if (!context) throw Error("The TLS context could not be created: " + take_openssl_error() + ".");
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(raw, 1);  // a record with its header in one read
  SSL_CTX_set_mode(
      raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

/// Sends the certificate alone: without SSL_MODE_NO_AUTO_CHAIN OpenSSL adds its issuers from the trusted
/// certificates.
void use_leaf(SSL_CTX* context, const std::vector<Certificate>& chain, const std::string& key_pem) {
  const auto key = PrivateKey::from_pem(key_pem);
  if (!chain.front().matches(key)) throw BadInput("The private key does not belong to the certificate.");
  SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
  if (SSL_CTX_use_certificate(context, chain.front().impl().x509.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.impl().key.get()) != 1)
    throw BadInput("The certificate and key cannot be used for TLS: " + take_openssl_error() + ".");
}

void use_chain(SSL_CTX* context, const std::string& certificate_pem, const std::string& key_pem) {
  const auto chain = Certificate::all_from_pem(certificate_pem);
  use_leaf(context, chain, key_pem);
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(context, chain[i].impl().x509.get()) != 1)
      throw BadInput("The certificate chain cannot be used for TLS: " + take_openssl_error() + ".");
}

void trust(SSL_CTX* context, const std::string& ca_pem) {
  for (const auto& ca : Certificate::all_from_pem(ca_pem))
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.impl().x509.get());
  // Every certificate in tlsCaFile is a trust anchor, even if it is not self-signed, as in Go's pools.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
}

std::string read_credential(const std::filesystem::path& path) {
  auto text = read_file(path, kCredentialFileBytes);
  if (!text) throw BadInput("The file " + path.string() + " does not exist.");
  return *std::move(text);
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

std::shared_ptr<const TlsContext> TlsContext::client(const ClientTlsOptions& options) {
  auto context = make_context(TLS_client_method());
  SSL_CTX* raw = context.get();
  if (options.certificate_pem.empty() != options.key_pem.empty())
    throw BadInput("A client certificate and its key are needed together.");
  if (!options.certificate_pem.empty())
    use_leaf(raw, Certificate::all_from_pem(options.certificate_pem), options.key_pem);
  if (options.verify_peer) {
    if (options.ca_pem.empty()) throw BadInput("A TLS client that verifies needs trusted certificates.");
    trust(raw, options.ca_pem);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    if (options.verify_at)
      X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(raw),
                                 std::chrono::system_clock::to_time_t(*options.verify_at));
  } else {
    SSL_CTX_set_verify(raw, SSL_VERIFY_NONE, nullptr);
  }
  const bool verify_host = options.verify_peer && options.verify_host;
  return std::make_shared<const TlsContext>(std::make_unique<Impl>(Impl{std::move(context), verify_host}));
}

std::shared_ptr<const TlsContext> TlsContext::server(const ServerTlsOptions& options) {
  auto context = make_context(TLS_server_method());
  SSL_CTX* raw = context.get();
  use_chain(raw, options.certificate_pem, options.key_pem);
  switch (options.client_certificate) {
    case ClientCertificate::kNone:
      break;
    case ClientCertificate::kAsked:
      SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
      break;
    case ClientCertificate::kRequired:
      if (options.client_ca_pem.empty())
        throw BadInput("Client certificates cannot be required without a CA for them.");
      trust(raw, options.client_ca_pem);
      SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      break;
  }
  return std::make_shared<const TlsContext>(std::make_unique<Impl>(Impl{std::move(context), false}));
}

std::shared_ptr<const TlsContext> TlsContext::client_from_files(const std::filesystem::path& ca,
                                                                const std::filesystem::path& certificate,
                                                                const std::filesystem::path& key) {
  ClientTlsOptions options;
  options.ca_pem = read_credential(ca);
  if (!certificate.empty()) options.certificate_pem = read_credential(certificate);
  if (!key.empty()) options.key_pem = read_credential(key);
  try {
    return client(options);
  } catch (const BadInput& problem) {
    throw BadInput("The TLS files " + ca.string() + ", " + certificate.string() + " and " + key.string() +
                   " cannot be used: " + problem.what());
  }
}

}  // namespace edgecore::net
