// SPDX-License-Identifier: Apache-2.0
// The TLS half of Stream: OpenSSL on the socket itself, without buffers in between.
#include <openssl/err.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <cerrno>
#include <chrono>

#include "edgecore/base/log.hpp"
#include "edgecore/net/url.hpp"
#include "net/stream/stream_core.hpp"

namespace edgecore::net {
namespace {

/// Callbacks of the BIO; set once per connection.
struct SocketBio {
  std::function<ssize_t(char*, std::size_t)> receive;
  std::function<ssize_t(const char*, std::size_t)> transmit;
  bool at_end = false;
};

SocketBio& socket_of(BIO* bio) {
  return *static_cast<SocketBio*>(BIO_get_data(bio));
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  auto& socket = socket_of(bio);
  const ssize_t got = socket.receive(into, static_cast<std::size_t>(size));
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (got == 0) socket.at_end = true;
  return static_cast<int>(got);
}

int bio_write(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = socket_of(bio).transmit(from, static_cast<std::size_t>(size));
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return socket_of(bio).at_end ? 1 : 0;
  return 0;
}

int bio_destroy(BIO* bio) {
  delete static_cast<SocketBio*>(BIO_get_data(bio));
  BIO_set_data(bio, nullptr);
  return 1;
}

const BIO_METHOD* socket_method() {
  static const OpenSslPtr<BIO_METHOD, BIO_meth_free> method = [] {
    OpenSslPtr<BIO_METHOD, BIO_meth_free> made(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "edgecore socket"));
    BIO_meth_set_read(made.get(), bio_read);
    BIO_meth_set_write(made.get(), bio_write);
    BIO_meth_set_ctrl(made.get(), bio_control);
    BIO_meth_set_destroy(made.get(), bio_destroy);
    return made;
  }();
  return method.get();
}

/// The error text for a failed certificate check, with the contents that failed it.
std::string certificate_refusal(X509* presented, long result, const std::string& host) {
  std::string sentence =
      "The certificate of " + host + " was refused: " + X509_verify_cert_error_string(result);
  if (presented == nullptr) return sentence + ".";
  const Certificate certificate = share_certificate(presented);
  if (result == X509_V_ERR_HOSTNAME_MISMATCH || result == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    std::string names;
    for (const auto& name : certificate.dns_names())
      names += " " + (name.empty() ? "\"\"" : log::quote(name));
    for (const auto& address : certificate.ip_addresses()) names += " " + address;
    return sentence + " (it is for:" + (names.empty() ? " no name" : names) + ").";
  }
  return sentence + " (subject CN " + log::quote(certificate.common_name()) + ", issuer CN " +
         log::quote(name_value(certificate.issuer(), "CN")) + ").";
}

/// Keeps the certificate that failed for the error text; does not change the verdict.
int remember_refused(int passed, X509_STORE_CTX* check) {
  if (passed == 1) return 1;
  auto* session = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* refused = static_cast<X509Ptr*>(SSL_get_app_data(session));
  X509* certificate = X509_STORE_CTX_get_current_cert(check);
  if (certificate != nullptr && refused != nullptr && X509_up_ref(certificate) == 1)
    refused->reset(certificate);
  return 0;
}

void expect_host(SSL* ssl, const TlsContext& tls, const std::string& host) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  const bool address = is_ip_literal(host);
  if (!address && SSL_set_tlsext_host_name(ssl, host.c_str()) != 1)
    throw Error("The server name " + host + " could not be set: " + take_openssl_error() + ".");
  if (!tls.impl().verify_host) return;
  X509_VERIFY_PARAM_set_hostflags(rules,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str())
                          : X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size());
  if (set != 1) throw Error("The name " + host + " cannot be verified: " + take_openssl_error() + ".");
}

/// Checks validity by the precise clock, unless the context names a time. OpenSSL uses the coarse clock,
/// which lags by milliseconds: it would reject a certificate that was signed a moment ago.
void judge_by_precise_clock(SSL* ssl) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  if ((X509_VERIFY_PARAM_get_flags(rules) & X509_V_FLAG_USE_CHECK_TIME) != 0) return;
  X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
}

}  // namespace

Stream::Attempt Stream::Core::attempt_tls(Direction direction, const Regions& regions) {
  ERR_clear_error();
  SSL* session = ssl.get();
  if (direction == Direction::kHandshake) {
    const int result = SSL_do_handshake(session);
    return result == 1 ? Attempt() : ssl_outcome(result);
  }
  std::size_t count = 0;
  if (direction == Direction::kRead) {
    const int result = SSL_read_ex(session, regions.items[0].data, regions.items[0].size, &count);
    return result == 1 ? Attempt{Attempt::State::kDone, {}, count} : ssl_outcome(result);
  }
  // Small leading pieces (a frame's header) share a record with what follows them.
  constexpr std::size_t kRecord = 16UL * 1024;
  int result = 0;
  if (regions.count == 1 || regions.items[0].size >= kRecord) {
    result = SSL_write_ex(session, regions.items[0].data, regions.items[0].size, &count);
  } else {
    std::size_t size = 0;
    for (std::size_t i = 0; i < regions.count; ++i) size += regions.items[i].size;
    std::string joined;
    joined.reserve(std::min(size, kRecord));
    for (std::size_t i = 0; i < regions.count && joined.size() < kRecord; ++i)
      joined.append(static_cast<const char*>(regions.items[i].data),
                    std::min(regions.items[i].size, kRecord - joined.size()));
    result = SSL_write_ex(session, joined.data(), joined.size(), &count);
  }
  return result == 1 ? Attempt{Attempt::State::kDone, {}, count} : ssl_outcome(result);
}

Stream::Attempt Stream::Core::ssl_outcome(int result) {
  const int reason = errno;
  switch (SSL_get_error(ssl.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Attempt::State::kWantsRead, {}, 0};
    case SSL_ERROR_WANT_WRITE:
      return {Attempt::State::kWantsWrite, {}, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Attempt::State::kDone, asio::error::eof, 0};
    case SSL_ERROR_SYSCALL:
      take_openssl_error();
      return {Attempt::State::kDone,
              reason != 0 ? error_code(reason, boost::system::system_category())
                          : error_code(asio::error::connection_reset),
              0};
    default:
      break;
  }
  const bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  const std::string text = take_openssl_error();
  // Without close_notify an attacker may have ended the stream; only length-delimited messages do not need
  // it. Small servers leave it out. Where the peer is not verified (probes), an attacker could do as he likes
  // anyway: there it is an end, as Go takes it.
  const bool unverified_server =
      SSL_is_server(ssl.get()) == 0 && SSL_get_verify_mode(ssl.get()) == SSL_VERIFY_NONE;
  if (cut && unverified_server) return {Attempt::State::kDone, asio::error::eof, 0};
  if (cut) return {Attempt::State::kDone, asio::error::connection_reset, 0};
  tls_failure = text;
  return {Attempt::State::kDone, make_error_code(boost::system::errc::protocol_error), 0};
}

asio::awaitable<void> Stream::handshake_client(std::shared_ptr<const TlsContext> tls, std::string host) {
  co_await handshake(std::move(tls), true, std::move(host));
}

asio::awaitable<void> Stream::handshake_server(std::shared_ptr<const TlsContext> tls) {
  std::string client = peer().address;
  co_await handshake(std::move(tls), false, std::move(client));
}

asio::awaitable<void> Stream::handshake(std::shared_ptr<const TlsContext> tls, bool client,
                                        std::string host) {
  SslPtr ssl(SSL_new(tls->impl().context.get()));
  BIO* bio = BIO_new(socket_method());
  if (!ssl || bio == nullptr) throw Error("The crypto library has no memory left.");
  Core* core = core_.get();  // owns the SSL, which owns the BIO
  auto hooks = std::make_unique<SocketBio>();
  hooks->receive = [core](char* into, std::size_t size) {
    Regions regions;
    regions.items[regions.count++] = {into, size};
    return core->receive(regions);
  };
  hooks->transmit = [core](const char* from, std::size_t size) {
    Regions regions;
    regions.items[regions.count++] = {const_cast<char*>(from), size};
    return core->transmit(regions);
  };
  BIO_set_data(bio, hooks.release());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl.get(), bio, bio);
  judge_by_precise_clock(ssl.get());
  if (client) {
    expect_host(ssl.get(), *tls, host);
    SSL_set_app_data(ssl.get(), &core_->refused);
    SSL_set_verify(ssl.get(), SSL_get_verify_mode(ssl.get()), remember_refused);
    SSL_set_connect_state(ssl.get());
  } else {
    SSL_set_accept_state(ssl.get());
  }
  core_->ssl = std::move(ssl);
  core_->tls = std::move(tls);
  core_->host = host;

  Stream self = *this;
  const auto start = [](IoHandler handler, Stream stream) {
    stream.begin(Direction::kHandshake, Regions(), std::move(handler));
  };
  const auto [error, count] =
      co_await asio::async_initiate<decltype(kAsResult), void(error_code, std::size_t)>(start, kAsResult,
                                                                                        self);
  if (!error) co_return;
  const long verdict = SSL_get_verify_result(core_->ssl.get());
  if (verdict != X509_V_OK && !core_->tls_failure.empty())
    throw NetError(NetFailure::kTls, certificate_refusal(core_->refused.get(), verdict, host));
  fail(error, "the TLS handshake with " + host);
}

std::optional<Certificate> Stream::peer_certificate() const {
  if (!core_->ssl) return std::nullopt;
  X509* presented = SSL_get0_peer_certificate(core_->ssl.get());
  if (presented == nullptr) return std::nullopt;
  return share_certificate(presented);
}

}  // namespace edgecore::net
