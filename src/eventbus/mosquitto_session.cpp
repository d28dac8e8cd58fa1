// SPDX-License-Identifier: Apache-2.0
#include "eventbus/mosquitto_session.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "edgecore/base/log.hpp"

namespace edgecore::eventbus {
namespace {

/// Never undone: mosquitto_lib_cleanup would free OpenSSL's tables, which others use.
void set_up_library() {
  static const int once = mosquitto_lib_init();
  static_cast<void>(once);
}

void require_readable(const std::filesystem::path& file, const char* key) {
  if (::access(file.c_str(), R_OK) != 0) {
    throw MqttError("cannot read " + file.string() + " (modules.eventBus.eventBusTLS." + key +
                    "): " + std::strerror(errno));
  }
}

}  // namespace

MosquittoSession::MosquittoSession(const MqttOptions& options) : options_(options) {
  set_up_library();
  handle_.reset(mosquitto_new(options_.client_id.c_str(), true, this));
  if (!handle_) throw MqttError("the client id " + log::quote(options_.client_id) + " is invalid");
  set_callbacks();
  mosquitto* handle = handle_.get();
  check(mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311),
        "cannot set up MQTT 3.1.1");
  if (options_.port != 0)  // Unix sockets have no Nagle delay
    check(mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1), "cannot set up TCP_NODELAY");
  check(mosquitto_int_option(handle, MOSQ_OPT_SEND_MAXIMUM, static_cast<int>(options_.max_inflight)),
        "cannot set up the messages in flight");
  if (!options_.username.empty()) {
    const char* password = options_.password.empty() ? nullptr : options_.password.c_str();
    check(mosquitto_username_pw_set(handle, options_.username.c_str(), password),
          "cannot use modules.eventBus.mqttUsername");
  }
  if (options_.tls) set_up_tls(*options_.tls);
}

MosquittoSession::~MosquittoSession() {
  events_ = nullptr;
  if (mosquitto_socket(handle_.get()) >= 0) mosquitto_disconnect(handle_.get());
}

void MosquittoSession::set_up_tls(const MqttTls& tls) {
  mosquitto* handle = handle_.get();
  if (!tls.verify) {
    check(mosquitto_int_option(handle, MOSQ_OPT_TLS_USE_OS_CERTS, 1), "cannot set up TLS");
    check(mosquitto_tls_opts_set(handle, 0, nullptr, nullptr), "cannot set up TLS");
    check(mosquitto_tls_insecure_set(handle, true), "cannot set up TLS");
    return;
  }
  require_readable(tls.ca_file, "tlsMqttCAFile");
  require_readable(tls.certificate_file, "tlsMqttCertFile");
  require_readable(tls.key_file, "tlsMqttPrivateKeyFile");
  check(mosquitto_tls_set(handle, tls.ca_file.c_str(), nullptr, tls.certificate_file.c_str(),
                          tls.key_file.c_str(), nullptr),
        "cannot set up TLS");
}

void MosquittoSession::set_callbacks() {
  mosquitto* handle = handle_.get();
  mosquitto_log_callback_set(handle, [](mosquitto*, void* self, int level, const char* text) {
    if (level == MOSQ_LOG_ERR) static_cast<MosquittoSession*>(self)->last_error_ = text;
  });
  mosquitto_connect_callback_set(handle, [](mosquitto*, void* self, int code) {
    if (auto* events = static_cast<MosquittoSession*>(self)->events_) events->connected(code);
  });
  mosquitto_message_callback_set(handle, [](mosquitto*, void* self, const mosquitto_message* message) {
    if (auto* events = static_cast<MosquittoSession*>(self)->events_) events->message(*message);
  });
  mosquitto_subscribe_callback_set(handle, [](mosquitto*, void* self, int id, int count, const int* granted) {
    constexpr int kRefused = 0x80;
    if (auto* events = static_cast<MosquittoSession*>(self)->events_)
      events->subscribed(id, count > 0 && granted[0] < kRefused);
  });
  mosquitto_publish_callback_set(handle, [](mosquitto*, void* self, int id) {
    if (auto* events = static_cast<MosquittoSession*>(self)->events_) events->published(id);
  });
}

void MosquittoSession::connect() {
  const int code = mosquitto_connect(handle_.get(), options_.host.c_str(), options_.port,
                                     static_cast<int>(options_.keepalive.count()));
  check(code, "cannot connect to the MQTT broker at " + peer());
}

void MosquittoSession::stop_collecting_errors() {
  mosquitto_log_callback_set(handle_.get(), nullptr);
}

void MosquittoSession::check(int code, const std::string& doing) const {
  if (code == MOSQ_ERR_SUCCESS) return;
  std::string why = code == MOSQ_ERR_ERRNO ? std::strerror(errno)
                    : code == MOSQ_ERR_EAI ? "its name has no address"
                                           : mosquitto_strerror(code);
  if (!last_error_.empty()) why += " (" + log::quote(last_error_) + ")";
  throw MqttError(doing + ": " + why);
}

std::string MosquittoSession::peer() const {
  return options_.port == 0 ? options_.host : options_.host + " port " + std::to_string(options_.port);
}

}  // namespace edgecore::eventbus
