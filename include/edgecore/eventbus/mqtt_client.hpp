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

/// A connection to a broker failed or has ended. The text is a sentence with the reason.
class MqttError : public Error {
 public:
  using Error::Error;
};

struct MqttTls {
  std::filesystem::path ca_file, certificate_file, key_file;
  bool verify = true;  ///< false: the broker's certificate is not verified, and the files are not read
};

/// Settings of one connection: MQTT 3.1.1, clean session, TCP_NODELAY.
struct MqttOptions {
  std::string host;  ///< name or address; the path of a Unix socket when `port` is 0
  std::uint16_t port = 0;
  std::string client_id;
  std::string username, password;  ///< the password is only sent with a user; both are secrets
  std::optional<MqttTls> tls;
  bool probe = true;  ///< check first whether anything listens: libmosquitto's connect blocks a thread
  std::chrono::seconds keepalive{30};
  std::chrono::milliseconds connect_timeout{
      10'000};                     ///< each for the TCP connection, and for TLS and CONNACK
  std::size_t max_inflight = 256;  ///< messages sent with QoS 1 and not acknowledged
  /// A larger packet ends the connection before memory is allocated for it.
  std::size_t max_packet_bytes = 8U << 20U;
};

/// Receives a connection's events. Called on the module's thread from within MqttConnection::run; must not
/// throw, and must not call the connection except for set_reading.
class MqttHandler {
 public:
  virtual ~MqttHandler() = default;
  virtual void on_message(std::string_view topic, std::string_view payload) = 0;
  /// `id` is subscribe()'s result.
  virtual void on_subscribed(int id, bool granted) = 0;
  /// The broker has acknowledged the QoS 1 message with publish()'s id.
  virtual void on_published(int id) = 0;
  /// A congested connection takes messages again.
  virtual void on_writable() = 0;
};

/// One connection, from the broker's CONNACK to its end. Belongs to the module's thread. The destructor sends
/// DISCONNECT and closes; no awaitable of it may be pending then.
class MqttConnection {
 public:
  MqttConnection() = default;
  MqttConnection(const MqttConnection&) = delete;
  MqttConnection& operator=(const MqttConnection&) = delete;
  virtual ~MqttConnection() = default;

  /// Transfers data and calls the handler until the connection ends; throws MqttError with the reason. Call
  /// once.
  virtual boost::asio::awaitable<void> run() = 0;

  /// These throw MqttError if the connection is lost, and BadInput if the topic cannot be sent. The id is
  /// unique in this connection and not 0.
  virtual int subscribe(const std::string& filter, int qos) = 0;
  virtual int unsubscribe(const std::string& filter) = 0;
  /// Passes the message to the connection, which copies it. Stop when congested().
  virtual int publish(const std::string& topic, std::string_view payload, int qos, bool retain) = 0;
  /// The kernel's send buffer is full; on_writable reports when it has room.
  [[nodiscard]] virtual bool congested() const = 0;

  /// false: stops reading, so that the broker keeps its messages. Only messages that were already read still
  /// arrive.
  virtual void set_reading(bool reading) = 0;
};

/// Makes connections. The seam between this room and MQTT: libmosquitto in the program, `MemoryBroker` in
/// tests.
class MqttClient {
 public:
  virtual ~MqttClient() = default;
  /// Returns once the broker has accepted the connection. Throws MqttError. Cancellation: terminal, at any
  /// point.
  virtual boost::asio::awaitable<std::unique_ptr<MqttConnection>> connect(MqttOptions options,
                                                                          MqttHandler& handler) = 0;
};

/// The libmosquitto client. Runs on the caller's event loop; only libmosquitto's connect, which blocks, runs
/// on a thread of the client. The client must outlive its connections.
std::unique_ptr<MqttClient> make_mosquitto_client();

}  // namespace edgecore::eventbus
