// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/tls.hpp"

#include <openssl/err.h>

#include <chrono>
#include <thread>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "net/crypto/openssl.hpp"
#include "net/stream/stream.hpp"
#include "unit/net/net_fixture.hpp"

namespace edgecore::net {
namespace {

class TlsTest : public NetTest {
 protected:
  static asio::awaitable<void> who(Request& request, Responder& responder) {
    Response response;
    response.body = request.peer_certificate ? request.peer_certificate->common_name() : "nobody";
    co_await responder.send(std::move(response));
  }
  /// The body of a GET, or the error text.
  std::string get(std::shared_ptr<const TlsContext> server_tls, std::shared_ptr<const TlsContext> client_tls,
                  const std::string& host = "127.0.0.1") {
    const auto server = serve(who, {}, std::move(server_tls));
    ClientRequest request;
    request.url = "https://" + host + ":" + std::to_string(server->port()) + "/";
    request.connect_to = "127.0.0.1";
    request.tls = std::move(client_tls);
    std::string out;
    const auto scenario = [&]() -> asio::awaitable<void> {
      try {
        const auto response = co_await fetch(request);
        out = response.body;
      } catch (const NetError& error) {
        failure_ = error.failure();
        out = error.what();
      }
    };
    run(scenario());
    return out;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  TestAuthority authority_;
  std::optional<NetFailure> failure_;
};

TEST_F(TlsTest, IpAddressAndNameOfTheCertificateAreAcceptedDespiteAnEmptyDnsName) {
  EXPECT_EQ(get(authority_.server(), authority_.client()), "nobody");
  EXPECT_EQ(get(authority_.server(), authority_.client(), "cloud.test"), "nobody");
}

TEST_F(TlsTest, WrongHostIsRefusedWithBothNames) {
  const auto text = get(authority_.server(), authority_.client(), "other.test");
  EXPECT_EQ(failure_, NetFailure::kTls);
  EXPECT_TRUE(has(text, "other.test") && has(text, "cloud.test")) << text;
  failure_.reset();
  auto elsewhere = TestAuthority::server_template();
  elsewhere.ip_addresses = {"127.0.0.2"};
  elsewhere.subject = {{"CN", "127.0.0.1"}};  // the common name does not count
  const auto ip_text = get(authority_.server(elsewhere), authority_.client());
  EXPECT_EQ(failure_, NetFailure::kTls) << ip_text;
  EXPECT_TRUE(has(ip_text, "127.0.0.2")) << ip_text;
  ClientTlsOptions options;
  options.ca_pem = authority_.certificate().pem();
  options.verify_host = false;
  EXPECT_EQ(get(authority_.server(elsewhere), TlsContext::client(options)), "nobody");
}

TEST_F(TlsTest, StrangeAuthorityIsRefusedUnlessNothingIsVerified) {
  const TestAuthority stranger;
  const auto text = get(stranger.server(), authority_.client());
  EXPECT_EQ(failure_, NetFailure::kTls) << text;
  EXPECT_TRUE(has(text, "127.0.0.1")) << text;
  ClientTlsOptions options;
  options.verify_peer = false;
  EXPECT_EQ(get(stranger.server(), TlsContext::client(options)), "nobody");
}

TEST_F(TlsTest, ExpiredCertificateIsRefusedUnlessJudgedAtAnotherTime) {
  auto expired = TestAuthority::server_template();
  expired.not_after = std::chrono::system_clock::now() - 1min;
  const auto text = get(authority_.server(expired), authority_.client());
  EXPECT_EQ(failure_, NetFailure::kTls);
  EXPECT_TRUE(has(text, "expired")) << text;
  ClientTlsOptions options;
  options.ca_pem = authority_.certificate().pem();
  options.verify_at = std::chrono::system_clock::now() - 30min;
  EXPECT_EQ(get(authority_.server(expired), TlsContext::client(options)), "nobody");
}

TEST_F(TlsTest, ACertificateIsGoodFromItsFirstMomentOn) {
  using std::chrono::system_clock;
  const auto first = std::chrono::ceil<std::chrono::seconds>(system_clock::now() + 100ms);
  auto fresh = TestAuthority::client_template();
  fresh.not_before = first;
  const auto pair = authority_.issue(fresh);
  ClientTlsOptions options;
  options.ca_pem = authority_.certificate().pem();
  options.certificate_pem = pair.certificate_pem;
  options.key_pem = pair.key_pem;
  const auto client = TlsContext::client(options);
  const auto server = authority_.server(ClientCertificate::kRequired);
  std::this_thread::sleep_until(first - 10ms);  // just before the next wall-clock second
  while (system_clock::now() < first) continue;
  EXPECT_EQ(get(server, client), "system:node:edge-1");
}

TEST_F(TlsTest, RequiredClientCertificateIsRequired) {
  EXPECT_EQ(get(authority_.server(ClientCertificate::kRequired), authority_.client(true)),
            "system:node:edge-1");
  EXPECT_FALSE(failure_.has_value());
  const auto without = get(authority_.server(ClientCertificate::kRequired), authority_.client());
  EXPECT_EQ(failure_, NetFailure::kTls) << without;
  EXPECT_TRUE(has(without, "certificate required")) << without;
  failure_.reset();
  const TestAuthority stranger;
  ClientTlsOptions options;
  options.ca_pem = authority_.certificate().pem();
  const auto pair = stranger.issue(TestAuthority::client_template());
  options.certificate_pem = pair.certificate_pem;
  options.key_pem = pair.key_pem;
  const auto foreign = get(authority_.server(ClientCertificate::kRequired), TlsContext::client(options));
  EXPECT_TRUE(failure_.has_value()) << foreign;
}

TEST_F(TlsTest, AskedForClientCertificateIsHandedToTheHandlerUnverified) {
  EXPECT_EQ(get(authority_.server(ClientCertificate::kAsked), authority_.client()), "nobody");
  const TestAuthority stranger;
  ClientTlsOptions options;
  options.ca_pem = authority_.certificate().pem();
  const auto pair = stranger.issue(TestAuthority::client_template());
  options.certificate_pem = pair.certificate_pem;
  options.key_pem = pair.key_pem;
  EXPECT_EQ(get(authority_.server(ClientCertificate::kAsked), TlsContext::client(options)),
            "system:node:edge-1");
  EXPECT_EQ(get(authority_.server(ClientCertificate::kNone), authority_.client(true)), "nobody");
}

/// A handshake in memory; returns how many certificates the client sent.
int certificates_sent(const TlsContext& client, const TlsContext& server) {
  const SslPtr ours(SSL_new(client.impl().context.get()));
  const SslPtr theirs(SSL_new(server.impl().context.get()));
  BIO* to_server = BIO_new(BIO_s_mem());
  BIO* to_client = BIO_new(BIO_s_mem());
  BIO_up_ref(to_server);
  BIO_up_ref(to_client);
  SSL_set_bio(ours.get(), to_client, to_server);
  SSL_set_bio(theirs.get(), to_server, to_client);
  SSL_set_connect_state(ours.get());
  SSL_set_accept_state(theirs.get());
  for (int turn = 0; turn < 10; ++turn) {
    SSL_do_handshake(ours.get());
    SSL_do_handshake(theirs.get());
  }
  ERR_clear_error();
  if (SSL_is_init_finished(theirs.get()) != 1) return -1;
  const X509Ptr leaf(SSL_get1_peer_certificate(theirs.get()));
  const STACK_OF(X509)* issuers = SSL_get_peer_cert_chain(theirs.get());  // without the leaf, on this side
  return (leaf ? 1 : 0) + (issuers == nullptr ? 0 : sk_X509_num(issuers));
}

// CloudHub from v1.18 on refuses a peer with more than one certificate if it enforces authorization.
TEST_F(TlsTest, ClientSendsItsCertificateAloneAlsoFromAFileWithTheCa) {
  const auto pair = authority_.issue(TestAuthority::client_template());
  ClientTlsOptions options;
  options.ca_pem = authority_.certificate().pem();
  options.key_pem = pair.key_pem;
  const auto server = authority_.server(ClientCertificate::kRequired);
  options.certificate_pem = pair.certificate_pem;
  EXPECT_EQ(certificates_sent(*TlsContext::client(options), *server), 1);
  options.certificate_pem += options.ca_pem;
  EXPECT_EQ(certificates_sent(*TlsContext::client(options), *server), 1);
}

TEST_F(TlsTest, ServerPresentsItsWholeChain) {
  auto between = TestAuthority::ca_template();
  between.subject = {{"CN", "between"}};
  const auto between_key = PrivateKey::generate();
  const auto between_ca = sign(between, between_key, authority_.certificate(), authority_.key());
  const auto key = PrivateKey::generate();
  const auto leaf = sign(TestAuthority::server_template(), key, between_ca, between_key);
  ServerTlsOptions options;
  options.key_pem = key.pem();
  options.certificate_pem = leaf.pem() + between_ca.pem();
  EXPECT_EQ(get(TlsContext::server(options), authority_.client()), "nobody");
  EXPECT_FALSE(failure_.has_value());
  options.certificate_pem = leaf.pem();  // the client trusts the root only
  get(TlsContext::server(options), authority_.client());
  EXPECT_EQ(failure_, NetFailure::kTls);
}

TEST_F(TlsTest, PlainPeersOnEitherSideFailWithASentence) {
  const auto text = get(nullptr, authority_.client());
  EXPECT_EQ(failure_, NetFailure::kTls) << text;
  EXPECT_TRUE(has(text, "127.0.0.1")) << text;
  const auto server = serve(who, {}, authority_.server());
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto socket = co_await dial(server->port());
    co_await send(socket, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answer = co_await drain(socket);
    EXPECT_EQ(answer.find("HTTP"), std::string::npos);
    while (server->connections() > 0) co_await sleep(5ms);
  };
  run(scenario());
}

TEST_F(TlsTest, SilentPeerInTheHandshakeIsCutOff) {
  ServerLimits limits;
  limits.handshake_timeout = 100ms;
  const auto server = serve(who, limits, authority_.server());
  const auto scenario = [&]() -> asio::awaitable<void> {
    auto socket = co_await dial(server->port());
    const auto nothing = co_await drain(socket);
    EXPECT_EQ(nothing, "");
  };
  run(scenario());
}

TEST_F(TlsTest, LargeBodiesPassBothWays) {
  const auto handler = [](Request& request, Responder& responder) -> asio::awaitable<void> {
    Response response;
    response.body = request.body;
    co_await responder.send(std::move(response));
  };
  const auto server = serve(handler, {}, authority_.server());
  const auto scenario = [&]() -> asio::awaitable<void> {
    ClientRequest request;
    request.method = "POST";
    request.url = "https://127.0.0.1:" + std::to_string(server->port()) + "/";
    request.tls = authority_.client();
    for (int i = 0; i < 3'000'000; ++i) request.body += static_cast<char>('a' + i % 23);
    const auto response = co_await fetch(request);
    EXPECT_TRUE(response.body == request.body);
  };
  run(scenario());
}

/// A server of one answer, which closes the socket without close_notify.
asio::awaitable<void> answer_and_vanish(asio::ip::tcp::acceptor& acceptor,
                                        std::shared_ptr<const TlsContext> tls) {
  asio::ip::tcp::socket accepted = co_await acceptor.async_accept(asio::use_awaitable);
  Stream::Socket socket(std::move(accepted));
  Stream stream(std::move(socket));
  co_await stream.handshake_server(std::move(tls));
  std::string room(1000, ' ');
  const auto buffer = asio::buffer(room);
  co_await stream.async_read_some(buffer, kAsResult);
  co_await write_all(stream, "HTTP/1.0 200 OK\r\n\r\nok");
  stream.close();
}

TEST_F(TlsTest, AnswerWithoutCloseNotifyFailedProbes) {
  asio::ip::tcp::acceptor acceptor(io_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  ClientRequest request;
  request.url = "https://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";
  const auto scenario = [&](bool verified) -> asio::awaitable<void> {
    spawn(answer_and_vanish(acceptor, authority_.server()));
    ClientTlsOptions any;
    any.verify_peer = false;
    request.tls = verified ? authority_.client() : TlsContext::client(any);
    if (verified) {  // it matters that nobody has cut the answer
      const auto error = co_await failure_of(fetch_only(request));
      EXPECT_EQ(error.failure(), NetFailure::kClosed) << error.what();
    } else {
      const auto response = co_await fetch(request);
      EXPECT_EQ(response.body, "ok");
    }
  };
  run(scenario(false));
  run(scenario(true));
}

TEST_F(TlsTest, RotatedServerCredentialsServeNewConnections) {
  const TestAuthority next;
  const auto server = serve(who, {}, authority_.server());
  server->set_tls(next.server());
  const auto scenario = [&]() -> asio::awaitable<void> {
    ClientRequest request;
    request.url = "https://127.0.0.1:" + std::to_string(server->port()) + "/";
    request.tls = next.client();
    const auto response = co_await fetch(request);
    EXPECT_EQ(response.status, 200);
  };
  run(scenario());
}

TEST_F(TlsTest, UnusableCredentialsAreBadInput) {
  const auto pair = authority_.issue(TestAuthority::client_template());
  ClientTlsOptions options;
  EXPECT_THROW(TlsContext::client(options), BadInput);  // verifies, but trusts nothing
  options.ca_pem = "nonsense";
  EXPECT_THROW(TlsContext::client(options), BadInput);
  options.ca_pem = authority_.certificate().pem();
  options.certificate_pem = pair.certificate_pem;
  EXPECT_THROW(TlsContext::client(options), BadInput);
  options.key_pem = PrivateKey::generate().pem();
  EXPECT_THROW(TlsContext::client(options), BadInput);
  options.key_pem = pair.key_pem;
  EXPECT_NO_THROW(TlsContext::client(options));
  ServerTlsOptions server{pair.certificate_pem, pair.key_pem, ClientCertificate::kRequired, ""};
  EXPECT_THROW(TlsContext::server(server), BadInput);
  try {
    TlsContext::client_from_files("/nonexistent/rootCA.crt", "", "");
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_TRUE(has(error.what(), "/nonexistent/rootCA.crt")) << error.what();
  }
}

}  // namespace
}  // namespace edgecore::net
