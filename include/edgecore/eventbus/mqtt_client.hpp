// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/error.hpp"

namespace edgecore::eventbus {

/// A connection to a broker could not be made or has ended. The text is a sentence that says why.
class MqttError : public Error {
 public:
  using Error::Error;
};

struct MqttTls {
  std::filesystem::path ca_file, certificate_file, key_file;
  bool verify = true;  ///< false: the broker is not verified, and the files are not read
};

/// How one connection is made: MQTT 3.1.1, clean session, TCP_NODELAY.
struct MqttOptions {
  std::string host;  ///< name or address; the path of a Unix socket when `port` is 0
  std::uint16_t port = 0;
  std::string client_id;
  std::string username, password;  ///< the password is only sent with a user; both are secrets
  std::optional<MqttTls> tls;
  bool probe = true;  ///< look whether somebody listens before libmosquitto's connect, which blocks a thread
  std::chrono::seconds keepalive{30};
  std::chrono::milliseconds connect_timeout{
      10'000};                     ///< each for the TCP connection, and for TLS and CONNACK
  std::size_t max_inflight = 256;  ///< messages sent with QoS 1 and not acknowledged
  /// A larger packet ends the connection before memory is taken for it.
  std::size_t max_packet_bytes = 8U << 20U;
};

/// Whom a connection tells. Called on the module's thread from within MqttConnection::run; must not throw and
/// must not call the connection, but for set_reading.
class MqttHandler {
 public:
  virtual ~MqttHandler() = default;
  virtual void on_message(std::string_view topic, std::string_view payload) = 0;
  /// `id` is what subscribe() gave.
  virtual void on_subscribed(int id, bool granted) = 0;
  /// The broker has the message of QoS 1 that publish() gave this id.
  virtual void on_published(int id) = 0;
  /// What was congested takes messages again.
  virtual void on_writable() = 0;
};

/// One connection, from the broker's CONNACK to its end. Belongs to the module's thread. Destroying it says
/// DISCONNECT and closes; no awaitable of it may be pending then.
class MqttConnection {
 public:
  MqttConnection() = default;
  MqttConnection(const MqttConnection&) = delete;
  MqttConnection& operator=(const MqttConnection&) = delete;
  virtual ~MqttConnection() = default;

  /// Moves the bytes and calls the handler until the connection ends; throws MqttError with the reason. Once.
  virtual boost::asio::awaitable<void> run() = 0;

  /// These throw MqttError when the connection is gone, BadInput when the topic cannot be sent. The id is
  /// this connection's and not 0.
  virtual int subscribe(const std::string& filter, int qos) = 0;
  virtual int unsubscribe(const std::string& filter) = 0;
  /// Gives the message to the connection, which copies it. Stop when congested().
  virtual int publish(const std::string& topic, std::string_view payload, int qos, bool retain) = 0;
  /// The kernel takes no more for now: on_writable says when.
  [[nodiscard]] virtual bool congested() const = 0;

  /// false: nothing more is read from the broker, which keeps what it has for us. At most what was read
  /// already still comes.
  virtual void set_reading(bool reading) = 0;
};

/// Makes connections. The seam between this room and MQTT: libmosquitto, and `MemoryBroker` in tests.
class MqttClient {
 public:
  virtual ~MqttClient() = default;
  /// Returns when the broker has accepted us. Throws MqttError. Cancellation: terminal, at any point.
  virtual boost::asio::awaitable<std::unique_ptr<MqttConnection>> connect(MqttOptions options,
                                                                          MqttHandler& handler) = 0;
};

/// By libmosquitto, on the loop of whoever awaits; only its connect, which blocks, runs on a thread of the
/// client's own. The client must outlive its connections.
std::unique_ptr<MqttClient> make_mosquitto_client();

}  // namespace edgecore::eventbus
