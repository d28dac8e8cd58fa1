// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "edgecore/base/files.hpp"
#include "edgecore/base/process.hpp"
#include "support/free_port.hpp"
#include "support/loop.hpp"
#include "unit/eventbus/bus_fixture.hpp"

namespace edgecore::eventbus {

using test::eventually;
using test::free_port;

inline bool mosquitto_is_installed() {
  for (const char* path : {"/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"})
    if (::access(path, X_OK) == 0) return true;
  return false;
}
#define EDGECORE_NEEDS_MOSQUITTO() \
  if (!mosquitto_is_installed()) GTEST_SKIP() << "The program mosquitto is not installed."

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// A socket that listens on a free port and accepts nothing by itself.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd_.get(), 8) != 0 ||
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no free port");
    port = ntohs(address.sin_port);
  }
  /// Accepts the next connection and closes it.
  void turn_away() const { ::close(::accept(fd_.get(), nullptr, nullptr)); }
  std::uint16_t port = 0;

 private:
  FileDescriptor fd_;
};

inline bool listens(std::uint16_t port) {
  const FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

/// A mosquitto for one test.
class RealBroker {
 public:
  /// `settings` follow the line that names the port.
  RealBroker(std::filesystem::path directory, std::string settings = "allow_anonymous true\n")
      : directory_(std::move(directory)), settings_(std::move(settings)) {
    start();
  }
  ~RealBroker() { kill(); }
  void start() {
    make_directories(directory_, 0755);
    const auto file = directory_ / "broker.conf";
    replace_file(
        file,
        "listener " + std::to_string(port) + " 127.0.0.1\nuser root\nset_tcp_nodelay true\n" + settings_,
        0644);
    Command command;
    command.argv = {"/usr/sbin/mosquitto", "-c", file.string()};
    command.err = FileStream{directory_ / "broker.log"};
    child_.emplace(Child::spawn(command));
    if (!eventually([&] { return listens(port); })) throw std::runtime_error("mosquitto did not start");
  }
  void kill() { child_.reset(); }
  [[nodiscard]] std::string address() const { return "tcp://127.0.0.1:" + std::to_string(port); }
  const std::uint16_t port = free_port();

 private:
  std::filesystem::path directory_;
  std::string settings_;
  std::optional<Child> child_;
};

/// Another client of a broker, on its own thread: records what it receives.
class Peer final : public MqttHandler {
 public:
  explicit Peer(std::uint16_t port, std::vector<std::string> filters = {}, const std::string& username = {},
                const std::string& password = {})
      : filters_(std::move(filters)) {
    options_.host = "127.0.0.1";
    options_.port = port;
    options_.client_id = "peer-" + std::to_string(::getpid()) + "-" + std::to_string(++made_);
    options_.username = username;
    options_.password = password;
    outcome_.start(context_, live());
    thread_ = std::thread([this] { context_.run(); });
    if (!eventually([&] { return ready_ == filters_.size() + 1; }))
      ADD_FAILURE() << "the peer is not connected: " << end_;
  }
  ~Peer() override {
    boost::asio::post(context_, [this] {
      if (!outcome_.ended) outcome_.cancel();
    });
    thread_.join();
  }
  void publish(const std::string& topic, const std::string& payload) {
    boost::asio::post(context_, [this, topic, payload] {
      if (connection_ != nullptr) connection_->publish(topic, payload, 1, false);
    });
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  bool wait_for(std::size_t count) {
    return eventually(
        [&] {
          const std::lock_guard lock(mutex_);
          return received_.size() >= count;
        },
        std::chrono::seconds(30));
  }

  void on_message(std::string_view topic, std::string_view payload) override {
    const std::lock_guard lock(mutex_);
    received_.emplace_back(topic, payload);
  }
  void on_subscribed(int, bool) override { ++ready_; }
  void on_published(int) override {}
  void on_writable() override {}

 private:
  boost::asio::awaitable<void> live() {
    try {
      const auto connection = co_await client_->connect(options_, *this);
      connection_ = connection.get();
      for (const auto& filter : filters_) connection->subscribe(filter, 1);
      ++ready_;
      co_await connection->run();
    } catch (const MqttError& error) {
      end_ = error.what();  // the broker went
    } catch (const boost::system::system_error& error) {
      end_ = error.what();
    }
    connection_ = nullptr;
  }

  static inline std::atomic<int> made_{0};
  std::vector<std::string> filters_;
  MqttOptions options_;
  std::unique_ptr<MqttClient> client_ = make_mosquitto_client();
  MqttConnection* connection_ = nullptr;
  std::string end_;
  std::atomic<std::size_t> ready_{0};
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> received_;
  test::Outcome outcome_;
  boost::asio::io_context context_;
  std::thread thread_;
};

}  // namespace edgecore::eventbus
