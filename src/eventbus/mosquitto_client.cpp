// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "edgecore/async/event.hpp"
#include "edgecore/async/on_pool.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/net/reach.hpp"
#include "eventbus/mosquitto_session.hpp"

namespace edgecore::eventbus {

namespace asio = boost::asio;

namespace {

using Descriptor = asio::posix::stream_descriptor;

/// How often libmosquitto checks keepalive: it counts in seconds, and the interval is 30.
constexpr std::chrono::seconds kMiscEvery{5};
/// Packets read before the event loop gets its turn.
constexpr int kPacketsInARow = 64;
constexpr unsigned kLongestPayload = 268'435'455U;  ///< MQTT's own limit

/// libmosquitto may close its socket at any time, so Asio waits on a duplicate.
Descriptor duplicate(const asio::any_io_executor& executor, int socket) {
  const int copy = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw MqttError(std::string("cannot watch an MQTT connection: ") + std::strerror(errno));
  return {executor, copy};
}

asio::awaitable<void> wait_ready(Descriptor& descriptor, Descriptor::wait_type what) {
  boost::system::error_code error;
  co_await descriptor.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error) throw MqttError("cannot wait for an MQTT connection: " + error.message());
}

/// Size of the packet that begins with `head`; 0 if the bytes do not suffice to tell.
std::size_t packet_size(const unsigned char* head, std::size_t count) {
  std::size_t size = 0;
  for (std::size_t i = 1; i < count; ++i) {
    size |= static_cast<std::size_t>(head[i] & 0x7fU) << (7 * (i - 1));
    if ((head[i] & 0x80U) == 0) return size + i + 1;
  }
  return 0;
}

class MosquittoConnection final : public MqttConnection, private SessionEvents {
 public:
  MosquittoConnection(std::shared_ptr<MosquittoSession> session, MqttHandler& handler,
                      const asio::any_io_executor& executor)
      : session_(std::move(session)),
        handler_(handler),
        executor_(executor),
        descriptor_(duplicate(executor, mosquitto_socket(session_->get()))),
        unpaused_(executor),
        written_(executor),
        misc_(executor) {
    session_->report_to(this);
  }
  ~MosquittoConnection() override { session_->report_to(nullptr); }

  /// Waits for the broker's CONNACK. Waits only for reading: what is to be written fits into a new
  /// connection's buffers.
  asio::awaitable<void> handshake(std::chrono::milliseconds patience) {
    const auto guard = std::make_shared<Guard>(Guard{&descriptor_, false});
    const auto release = std::unique_ptr<Guard, void (*)(Guard*)>(
        guard.get(), [](Guard* done) { done->descriptor = nullptr; });
    SteadyTimer limit(executor_, patience);
    limit.async_wait([guard](const boost::system::error_code& error) {
      if (error || guard->descriptor == nullptr) return;
      guard->late = true;
      guard->descriptor->cancel();
    });
    while (!code_) {
      write_now();
      boost::system::error_code error;
      co_await descriptor_.async_wait(Descriptor::wait_read,
                                      asio::redirect_error(asio::use_awaitable, error));
      if (guard->late)
        throw MqttError("the MQTT broker at " + session_->peer() +
                        " accepts connections but does not answer");
      if (error) throw boost::system::system_error(error);
      expect_open();
      const int outcome = read_packet();
      if (!code_) session_->check(outcome, lost_);  // a refusal (CONNACK) says more
    }
    if (*code_ != 0) {
      throw MqttError("the MQTT broker at " + session_->peer() + " refuses the client " +
                      log::quote(session_->options().client_id) + ": " + mosquitto_connack_string(*code_));
    }
    session_->stop_collecting_errors();
  }

  asio::awaitable<void> run() override {
    async::TaskGroup tasks(executor_);
    tasks.spawn("MQTT reader", read());
    tasks.spawn("MQTT writer", write());
    tasks.spawn("MQTT keepalive", keep_alive());
    co_await tasks.join();
  }

  int subscribe(const std::string& filter, int qos) override {
    int id = 0;
    sent(mosquitto_subscribe(session_->get(), &id, filter.c_str(), qos), "subscribe to", filter);
    return id;
  }
  int unsubscribe(const std::string& filter) override {
    int id = 0;
    sent(mosquitto_unsubscribe(session_->get(), &id, filter.c_str()), "unsubscribe from", filter);
    return id;
  }
  int publish(const std::string& topic, std::string_view payload, int qos, bool retain) override {
    int id = 0;
    const int size = static_cast<int>(std::min<std::size_t>(payload.size(), kLongestPayload + 1U));
    sent(mosquitto_publish(session_->get(), &id, topic.c_str(), size, payload.data(), qos, retain),
         "publish on", topic);
    return id;
  }
  [[nodiscard]] bool congested() const override { return mosquitto_want_write(session_->get()); }
  void set_reading(bool reading) override {
    if (reading && !reading_) unpaused_.notify();
    reading_ = reading;
  }

 private:
  struct Guard {
    Descriptor* descriptor;
    bool late;
  };

  // SessionEvents
  void connected(int code) override { code_ = code; }
  void message(const mosquitto_message& message) override {
    handler_.on_message(message.topic, std::string_view(static_cast<const char*>(message.payload),
                                                        static_cast<std::size_t>(message.payloadlen)));
  }
  void subscribed(int id, bool granted) override { handler_.on_subscribed(id, granted); }
  void published(int id) override { handler_.on_published(id); }

  asio::awaitable<void> read() {
    for (;;) {
      while (!reading_) co_await unpaused_.sleep();
      int taken = 0;
      while (taken < kPacketsInARow && reading_ && something_to_read()) {
        session_->check(read_packet(), lost_);
        ++taken;
      }
      if (congested()) written_.notify();
      // After a full turn do not wait for the socket: OpenSSL may have buffered more.
      if (taken == kPacketsInARow) {
        co_await asio::post(executor_, asio::use_awaitable);
      } else if (reading_) {
        co_await wait_ready(descriptor_, Descriptor::wait_read);
      }
    }
  }
  asio::awaitable<void> write() {
    for (;;) {
      while (!congested()) co_await written_.sleep();
      co_await wait_ready(descriptor_, Descriptor::wait_write);
      write_now();
      if (!congested()) handler_.on_writable();
    }
  }
  asio::awaitable<void> keep_alive() {
    for (;;) {
      misc_.expires_after(kMiscEvery);
      co_await misc_.async_wait(asio::use_awaitable);
      session_->check(mosquitto_loop_misc(session_->get()), lost_);
      if (congested()) written_.notify();
    }
  }

  /// Peeks at the next packet: is there one, and is it too large? libmosquitto would allocate memory for it.
  bool something_to_read() {
    std::array<unsigned char, 5> head{};
    const std::ptrdiff_t count = peek(head.data(), head.size());
    if (count < 0) return false;
    if (!at_boundary_ || count == 0) return true;
    const std::size_t size = packet_size(head.data(), static_cast<std::size_t>(count));
    if (size > session_->options().max_packet_bytes) {
      throw MqttError("the MQTT broker at " + session_->peer() + " sent a message of " +
                      std::to_string(size) + " bytes, which is too large; the connection is closed");
    }
    return true;
  }

  /// Bytes seen. 0: the end of the stream, or a state that only reading shows. -1: no data yet.
  std::ptrdiff_t peek(unsigned char* into, std::size_t size) {
    if (auto* tls = static_cast<SSL*>(mosquitto_ssl_get(session_->get()))) {
      ERR_clear_error();
      const int count = SSL_peek(tls, into, static_cast<int>(size));
      if (count > 0) return count;
      const bool later = SSL_get_error(tls, count) == SSL_ERROR_WANT_READ;
      ERR_clear_error();
      return later ? -1 : 0;
    }
    const ssize_t count = ::recv(descriptor_.native_handle(), into, size, MSG_PEEK | MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return -1;
    return std::max<ssize_t>(count, 0);
  }

  /// Throws if the peer has closed: during the TLS handshake libmosquitto does not notice, and would be
  /// called for ever.
  void expect_open() {
    char byte = 0;
    const ssize_t count = ::recv(descriptor_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))) return;
    throw MqttError("the MQTT broker at " + session_->peer() +
                    " closed the connection before it answered; check whether it expects TLS");
  }

  /// libmosquitto does not report whether it is between two packets. It is, if reading ended without an
  /// error: it clears errno before each read, and reads on until a packet is complete.
  int read_packet() {
    errno = 0;
    const int code = mosquitto_loop_read(session_->get(), 1);
    at_boundary_ = errno == 0;
    return code;
  }
  void write_now() {
    if (congested()) session_->check(mosquitto_loop_write(session_->get(), 1), lost_);
  }

  void sent(int code, const char* doing, const std::string& topic) {
    if (code == MOSQ_ERR_INVAL || code == MOSQ_ERR_MALFORMED_UTF8 || code == MOSQ_ERR_PAYLOAD_SIZE ||
        code == MOSQ_ERR_OVERSIZE_PACKET) {
      throw BadInput(std::string("cannot ") + doing + " " + log::quote(topic) + ": " +
                     mosquitto_strerror(code));
    }
    session_->check(code, lost_);
    if (congested()) written_.notify();
  }

  std::shared_ptr<MosquittoSession> session_;
  const std::string lost_ = "the connection to the MQTT broker at " + session_->peer() + " ended";
  MqttHandler& handler_;
  asio::any_io_executor executor_;
  Descriptor descriptor_;
  async::Event unpaused_, written_;
  SteadyTimer misc_;
  std::optional<int> code_;  ///< from CONNACK
  bool reading_ = true;
  bool at_boundary_ = true;  ///< the next byte begins a packet; false: unknown
};

class MosquittoClient final : public MqttClient {
 public:
  ~MosquittoClient() override { pool_.stop(std::chrono::milliseconds(200)); }

  asio::awaitable<std::unique_ptr<MqttConnection>> connect(MqttOptions options,
                                                           MqttHandler& handler) override {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    if (options.port != 0 && options.probe)
      co_await probe(options.host, options.port, options.connect_timeout);
    const auto session = std::make_shared<MosquittoSession>(options);
    co_await connect_on_pool(session);
    auto connection = std::make_unique<MosquittoConnection>(session, handler, executor);
    co_await connection->handshake(options.connect_timeout);
    co_return connection;
  }

 private:
  static asio::awaitable<void> probe(std::string host, std::uint16_t port,
                                     std::chrono::milliseconds patience) {
    const std::string peer = host + " port " + std::to_string(port);
    try {
      co_await net::reach(std::move(host), port, patience);
    } catch (const net::NetError& error) {
      std::string why = error.what();
      if (why.ends_with('.')) why.pop_back();  // callers continue the sentence
      throw MqttError("there is no MQTT broker at " + peer + ": " + why);
    }
  }

  /// The work on the pool owns the session, because the caller may be cancelled and the module may end before
  /// the work does.
  asio::awaitable<void> connect_on_pool(std::shared_ptr<MosquittoSession> session) {
    const auto work = [session = std::move(session)] { session->connect(); };
    try {
      co_await async::on_pool(pool_, work);
    } catch (const async::PoolFull&) {
      throw MqttError("earlier attempts to connect to an MQTT broker still hang in the kernel");
    }
  }

  BlockingPool pool_{"mqtt connect", {.threads = 2, .queued = 2}};
};

}  // namespace

std::unique_ptr<MqttClient> make_mosquitto_client() {
  return std::make_unique<MosquittoClient>();
}

}  // namespace edgecore::eventbus
