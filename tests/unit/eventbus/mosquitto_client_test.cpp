// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/clock.hpp"
#include "edgecore/net/x509.hpp"
#include "eventbus/topics.hpp"
#include "support/loop.hpp"
#include "unit/eventbus/real_broker.hpp"

namespace edgecore::eventbus {
namespace {

constexpr const char* kUpdate = "$hw/events/device/default/s/twin/update";

/// The module against a real broker.
class RealBrokerTest : public BusFixture {
 protected:
  RealBrokerTest() { client = make_mosquitto_client; }

  void start_with(const RealBroker& real) {
    module_options.config.server_external = real.address();
    start();
  }
  /// Sends a message from `peer` until it arrives: subscriptions take a moment.
  bool through(Peer& peer, std::chrono::milliseconds patience = 10s) {
    bool arrived = false;
    return eventually(
        [&] {
          peer.publish(kUpdate, "probe");
          for (auto message = next(twin, 50ms); message; message = next(twin, 10ms)) {
            arrived = true;
            longest = std::max(longest, message->content.get_ref<const std::string&>().size());
          }
          return arrived;
        },
        patience);
  }
  std::size_t longest = 0;  ///< payload that came through
};

TEST_F(RealBrokerTest, MessagesComeAndGoInOrder) {
  EDGECORE_NEEDS_MOSQUITTO();
  const RealBroker real(scratch / "real");
  Peer peer(real.port, {"t/#"});
  start_with(real);
  ASSERT_TRUE(through(peer));
  constexpr int kCount = 3000;
  for (int i = 0; i < kCount; ++i) {
    ASSERT_TRUE(eventually([&] {
      return bus->try_send(names::module::kEventBus,
                           beehive::make_message("twin", "bus", "publish", "t/a", std::to_string(i)));
    }));
  }
  ASSERT_TRUE(peer.wait_for(kCount));
  const auto received = peer.received();
  for (std::size_t i = 0; i < kCount; ++i) ASSERT_EQ(received[i].second, std::to_string(i));

  const std::string large(700'000, 'x');
  peer.publish("default/user/t", large);
  EXPECT_EQ(next_upload(), large);
  peer.publish("default/user/t", std::string("a\0b", 3));
  EXPECT_EQ(next_upload(), std::string("a\0b", 3));
}

TEST_F(RealBrokerTest, ABrokerThatIsKilledAndComesBackIsUsedAgain) {
  EDGECORE_NEEDS_MOSQUITTO();
  RealBroker real(scratch / "real");
  start_with(real);
  from_router("subscribe", "default/rule");
  std::optional<Peer> peer(std::in_place, real.port);
  ASSERT_TRUE(through(*peer));
  real.kill();
  peer.reset();
  from_twin("t/a", "while away");
  real.start();
  peer.emplace(real.port, std::vector<std::string>{"t/#"});
  ASSERT_TRUE(through(*peer));
  peer->publish("default/rule", "x");
  EXPECT_EQ(next_upload(), "x");
  ASSERT_TRUE(peer->wait_for(1));
  EXPECT_EQ(peer->received()[0].second, "while away");
}

TEST_F(RealBrokerTest, APacketThatIsTooLargeCostsTheConnectionAndNotTheModule) {
  EDGECORE_NEEDS_MOSQUITTO();
  const RealBroker real(scratch / "real");
  Peer peer(real.port);
  start_with(real);
  ASSERT_TRUE(through(peer));
  peer.publish(kUpdate, std::string(MqttOptions().max_packet_bytes + 1, 'x'));
  ASSERT_TRUE(through(peer));
  EXPECT_LT(longest, 100U);
  // An upload that is too long for the cloud, but fits a packet, does no harm.
  peer.publish("default/user/t", std::string(2U << 20U, 'x'));
  peer.publish("default/user/t", "after");
  EXPECT_EQ(next_upload(), "after");
}

TEST_F(RealBrokerTest, UserAndPassword) {
  EDGECORE_NEEDS_MOSQUITTO();
  make_directories(scratch / "real", 0755);
  const auto passwords = scratch / "real/passwords";
  Command make;
  make.argv = {"mosquitto_passwd", "-b", "-c", passwords.string(), "edge", "secret"};
  ASSERT_TRUE(run(make, "").status.success());
  const RealBroker real(scratch / "real",
                        "allow_anonymous false\npassword_file " + passwords.string() + "\n");
  MqttOptions options;
  options.host = "127.0.0.1";
  options.port = real.port;
  options.client_id = "c";
  struct Nobody final : MqttHandler {
    void on_message(std::string_view, std::string_view) override {}
    void on_subscribed(int, bool) override {}
    void on_published(int) override {}
    void on_writable() override {}
  } handler;
  const auto made = make_mosquitto_client();
  std::string failure;
  const auto attempt = [&](MqttOptions with) -> boost::asio::awaitable<void> {
    failure.clear();
    try {
      const auto connection = co_await made->connect(std::move(with), handler);
    } catch (const MqttError& error) {
      failure = error.what();
    }
  };
  test::run(attempt(options));
  EXPECT_NE(failure.find("refuses"), std::string::npos) << failure;
  options.username = "edge";
  options.password = "wrong";
  test::run(attempt(options));
  EXPECT_NE(failure.find("refuses"), std::string::npos) << failure;
  EXPECT_EQ(failure.find("wrong"), std::string::npos) << "a password in a log line";
  options.password = "secret";
  test::run(attempt(options));
  EXPECT_EQ(failure, "");

  module_options.config.username = "edge";
  module_options.config.password = "secret";
  start_with(real);
  Peer peer(real.port, {}, "edge", "secret");
  EXPECT_TRUE(through(peer));
}

/// Certificates of a broker and its clients.
struct Certificates {
  explicit Certificates(const std::filesystem::path& directory) : where(directory) {
    make_directories(where, 0755);
    write("ca.crt", ca.pem());
    issue("server", true);
    issue("client", false);
    const net::PrivateKey other = net::PrivateKey::generate();
    write("other-ca.crt", net::self_sign(named("other", true), other).pem());
  }
  [[nodiscard]] std::string file(const std::string& name) const { return (where / name).string(); }
  [[nodiscard]] std::string settings() const {
    return "allow_anonymous true\ncafile " + file("ca.crt") + "\ncertfile " + file("server.crt") +
           "\nkeyfile " + file("server.key") + "\n";
  }
  [[nodiscard]] MqttTls tls() const { return {file("ca.crt"), file("client.crt"), file("client.key")}; }

  std::filesystem::path where;
  net::PrivateKey key = net::PrivateKey::generate();
  net::Certificate ca = net::self_sign(named("ca", true), key);

 private:
  static net::CertificateTemplate named(const std::string& name, bool is_ca) {
    const WallTime now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
    net::CertificateTemplate what;
    what.subject = {{"O", "test"}, {"CN", name}};
    what.not_before = now - std::chrono::hours(1);
    what.not_after = now + std::chrono::hours(24);
    what.is_ca = is_ca;
    return what;
  }
  void issue(const std::string& name, bool server) {
    auto what = named(name, false);
    what.server_auth = server;
    what.client_auth = !server;
    if (server) what.ip_addresses = {"127.0.0.1"};
    const net::PrivateKey own = net::PrivateKey::generate();
    write(name + ".crt", net::sign(what, own, ca, key).pem());
    write(name + ".key", own.pem());
  }
  void write(const std::string& name, const std::string& text) { replace_file(where / name, text, 0644); }
};

/// The client alone.
class MosquittoClientTest : public testing::Test, public MqttHandler {
 protected:
  /// "" if the broker accepts the connection, otherwise why not.
  std::string attempt(MqttOptions options) {
    std::string failure;
    const auto scenario = [&]() -> boost::asio::awaitable<void> {
      try {
        const auto connection = co_await client_->connect(options, *this);
      } catch (const MqttError& error) {
        failure = error.what();
      }
    };
    test::run(scenario());
    return failure;
  }
  static MqttOptions to(std::uint16_t port) {
    MqttOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    options.client_id = "c";
    return options;
  }
  void on_message(std::string_view, std::string_view) override {}
  void on_subscribed(int, bool) override {}
  void on_published(int) override {}
  void on_writable() override {}

  edgecore::test::TemporaryDirectory scratch_;
  std::unique_ptr<MqttClient> client_ = make_mosquitto_client();
};

TEST_F(MosquittoClientTest, TlsVerifiesTheBrokerAndShowsACertificate) {
  EDGECORE_NEEDS_MOSQUITTO();
  const Certificates certificates(scratch_ / "certs");
  const RealBroker real(scratch_ / "real", certificates.settings() + "require_certificate true\n");
  MqttOptions options = to(real.port);
  options.tls = certificates.tls();
  EXPECT_EQ(attempt(options), "");
  options.tls->ca_file = certificates.file("other-ca.crt");
  EXPECT_NE(attempt(options).find("certificate"), std::string::npos);
  options.tls->ca_file = certificates.file("missing.crt");
  EXPECT_NE(attempt(options).find("missing.crt"), std::string::npos);
  options.tls.reset();
  EXPECT_NE(attempt(options), "") << "plain to a TLS port";
}

TEST_F(MosquittoClientTest, TheNameOfTheBrokerIsChecked) {
  EDGECORE_NEEDS_MOSQUITTO();
  const Certificates certificates(scratch_ / "certs");
  const RealBroker real(scratch_ / "real", certificates.settings());
  MqttOptions options = to(real.port);
  options.tls = certificates.tls();
  options.host = "localhost";  // the certificate has only the address
  EXPECT_NE(attempt(options), "");
  options.tls = MqttTls{{}, {}, {}, false};
  EXPECT_EQ(attempt(options), "") << "unverified";
}

TEST_F(MosquittoClientTest, ABrokerThatIsNotThereOrSaysNothingIsLeftInTime) {
  const auto begin = steady_now();
  EXPECT_NE(attempt(to(free_port())).find("there is no MQTT broker"), std::string::npos);
  const Listener silent;
  MqttOptions options = to(silent.port);
  options.connect_timeout = 300ms;
  EXPECT_NE(attempt(options).find("does not answer"), std::string::npos);
  options.tls = MqttTls{{}, {}, {}, false};
  EXPECT_NE(attempt(options).find("does not answer"), std::string::npos);
  options.host = "no-such-host.invalid";
  EXPECT_NE(attempt(options), "");
  options = to(0);
  options.host = (scratch_ / "no.sock").string();
  EXPECT_NE(attempt(options), "");
  EXPECT_LT(steady_now() - begin, 20s);
}

TEST_F(MosquittoClientTest, APeerThatHangsUpInTheMiddleOfTlsIsNotAskedForEver) {
  const Listener rude;
  std::thread peer([&rude] {
    rude.turn_away();  // the client's probe whether anything listens
    rude.turn_away();
  });
  MqttOptions options = to(rude.port);
  options.tls = MqttTls{{}, {}, {}, false};
  const auto begin = steady_now();
  EXPECT_NE(attempt(options), "");
  EXPECT_LT(steady_now() - begin, 5s);
  peer.join();
}

TEST_F(MosquittoClientTest, TlsCarriesMessagesOfAllSizes) {
  EDGECORE_NEEDS_MOSQUITTO();
  const Certificates certificates(scratch_ / "certs");
  const RealBroker real(scratch_ / "real", certificates.settings());
  struct Recorder final : MqttHandler {
    void on_message(std::string_view, std::string_view payload) override { payloads.emplace_back(payload); }
    void on_subscribed(int, bool granted) override { subscribed = granted; }
    void on_published(int) override { ++acknowledged; }
    void on_writable() override {}
    std::vector<std::string> payloads;
    bool subscribed = false;
    int acknowledged = 0;
  } recorder;
  const auto scenario = [&]() -> boost::asio::awaitable<void> {
    MqttOptions options = to(real.port);
    options.tls = certificates.tls();
    const auto connection = co_await client_->connect(std::move(options), recorder);
    test::Outcome outcome;
    boost::asio::co_spawn(co_await boost::asio::this_coro::executor, connection->run(),
                          test::Outcome::Handler{&outcome});
    connection->subscribe("t", 1);
    const std::vector<std::size_t> sizes = {1, 100, 16'300, 16'384, 16'385, 100'000, 1'000'000};
    for (int round = 0; round < 5; ++round)
      for (const std::size_t size : sizes) connection->publish("t", std::string(size, 'x'), 1, false);
    for (int i = 0; i < 500 && recorder.payloads.size() < 5 * sizes.size(); ++i) co_await test::sleep(10ms);
    EXPECT_TRUE(recorder.subscribed);
    EXPECT_EQ(recorder.acknowledged, static_cast<int>(5 * sizes.size()));
    EXPECT_EQ(recorder.payloads.size(), 5 * sizes.size());
    for (std::size_t i = 0; i < recorder.payloads.size(); ++i)
      EXPECT_EQ(recorder.payloads[i].size(), sizes[i % sizes.size()]);
    EXPECT_FALSE(outcome.ended);
    outcome.cancel();
    while (!outcome.ended) co_await test::sleep(1ms);
    EXPECT_TRUE(outcome.aborted());
  };
  test::run(scenario());
}

TEST_F(MosquittoClientTest, AUnixSocketServesAsWell) {
  EDGECORE_NEEDS_MOSQUITTO();
  const auto socket = scratch_ / "mqtt.sock";
  const RealBroker real(scratch_ / "real", "allow_anonymous true\nlistener 0 " + socket.string() + "\n");
  MqttOptions options = to(0);
  options.host = socket.string();
  // The port listens already; the broker accepts a moment later.
  std::string failure;
  EXPECT_TRUE(eventually([&] { return (failure = attempt(options)).empty(); })) << failure;
}

}  // namespace
}  // namespace edgecore::eventbus
