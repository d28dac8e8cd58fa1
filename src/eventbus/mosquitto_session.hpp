// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mosquitto.h>

#include <memory>
#include <string>

#include "edgecore/eventbus/mqtt_client.hpp"

namespace edgecore::eventbus {

/// What libmosquitto reports of one connection, in its own terms. Called by whoever calls into the session.
struct SessionEvents {
  virtual void connected(int code) = 0;
  virtual void message(const mosquitto_message& message) = 0;
  virtual void subscribed(int id, bool granted) = 0;
  virtual void published(int id) = 0;

 protected:
  ~SessionEvents() = default;
};

/// One `struct mosquitto`, set up and not connected yet. Used by one thread at a time: first by a thread that
/// may block, for connect(), then by the module's. Destroying it says DISCONNECT and closes the socket.
class MosquittoSession {
 public:
  /// Throws MqttError for files or credentials that cannot be used.
  explicit MosquittoSession(const MqttOptions& options);
  MosquittoSession(const MosquittoSession&) = delete;
  MosquittoSession& operator=(const MosquittoSession&) = delete;
  ~MosquittoSession();

  /// Looks up the name, connects by TCP and begins the rest; blocks. Throws MqttError.
  void connect();

  /// From now on these events are reported; nullptr: none.
  void report_to(SessionEvents* events) { events_ = events; }
  /// What libmosquitto says is no longer noted down: it costs time with every packet.
  void stop_listening_to_words();

  [[nodiscard]] mosquitto* get() const { return handle_.get(); }
  [[nodiscard]] const MqttOptions& options() const { return options_; }
  /// Throws MqttError unless `code` is MOSQ_ERR_SUCCESS. `doing` begins the sentence.
  void check(int code, const std::string& doing) const;
  /// The broker's address, for sentences.
  [[nodiscard]] std::string peer() const;

 private:
  void set_up_tls(const MqttTls& tls);
  void set_callbacks();

  struct Destroy {
    void operator()(mosquitto* handle) const { mosquitto_destroy(handle); }
  };
  MqttOptions options_;
  SessionEvents* events_ = nullptr;
  std::string last_words_;  ///< of libmosquitto, about what went wrong
  std::unique_ptr<mosquitto, Destroy> handle_;
};

}  // namespace edgecore::eventbus
