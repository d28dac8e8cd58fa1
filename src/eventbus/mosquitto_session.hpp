// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mosquitto.h>

#include <memory>
#include <string>

#include "edgecore/eventbus/mqtt_client.hpp"

namespace edgecore::eventbus {

/// libmosquitto's events of one connection. Called by the thread that calls into the session.
struct SessionEvents {
  virtual void connected(int code) = 0;
  virtual void message(const mosquitto_message& message) = 0;
  virtual void subscribed(int id, bool granted) = 0;
  virtual void published(int id) = 0;

 protected:
  ~SessionEvents() = default;
};

/// Owns one `struct mosquitto`, configured and not yet connected. Used by one thread at a time: connect() by
/// a thread that may block, everything else by the module's. The destructor sends DISCONNECT and closes the
/// socket.
class MosquittoSession {
 public:
  /// Throws MqttError for unusable files or credentials.
  explicit MosquittoSession(const MqttOptions& options);
  MosquittoSession(const MosquittoSession&) = delete;
  MosquittoSession& operator=(const MosquittoSession&) = delete;
  ~MosquittoSession();

  /// Resolves the name, connects by TCP and begins the handshake; blocks. Throws MqttError.
  void connect();

  /// Reports events to `events` from now on; nullptr: to nobody.
  void report_to(SessionEvents* events) { events_ = events; }
  /// Stops collecting libmosquitto's log lines, which costs time with every packet.
  void stop_collecting_errors();

  [[nodiscard]] mosquitto* get() const { return handle_.get(); }
  [[nodiscard]] const MqttOptions& options() const { return options_; }
  /// Throws MqttError unless `code` is MOSQ_ERR_SUCCESS. `doing` begins the sentence.
  void check(int code, const std::string& doing) const;
  /// The broker's address, for messages.
  [[nodiscard]] std::string peer() const;

 private:
  void set_up_tls(const MqttTls& tls);
  void set_callbacks();

  struct Destroy {
    void operator()(mosquitto* handle) const { mosquitto_destroy(handle); }
  };
  MqttOptions options_;
  SessionEvents* events_ = nullptr;
  std::string last_error_;  ///< libmosquitto's last log line about an error
  std::unique_ptr<mosquitto, Destroy> handle_;
};

}  // namespace edgecore::eventbus
