// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "edgecore/base/log.hpp"
#include "edgecore/base/process.hpp"
#include "edgecore/beehive/module.hpp"
#include "eventbus/retry_pause.hpp"

namespace edgecore::eventbus {

struct PrivateBrokerOptions {
  std::filesystem::path directory;  ///< for its configuration and pid file; created if missing
  std::string host;                 ///< to listen at; "" = all addresses
  std::uint16_t port = 1884;
  std::int32_t session_queue_size = 100;
  std::size_t max_packet_bytes = 8U << 20U;
  std::string program = "mosquitto";  ///< looked up in PATH, then in /usr/sbin
  RetryPause::Limits retry;
  std::chrono::milliseconds retry_missing{300'000};  ///< pause if the program is not installed
};

/// The content of mosquitto's configuration file.
[[nodiscard]] std::string broker_configuration(const PrivateBrokerOptions& options);

/// The broker of a killed edgecore: the process of the pid file, if it was started with our configuration
/// file; nullopt if there is none.
[[nodiscard]] std::optional<pid_t> stale_broker(const std::filesystem::path& directory);

/// The built-in broker of modes 0 and 1 (protocol/04-devices.md §1.3): runs mosquitto as a child process,
/// restarts it with back-off, and ends it with the module. Belongs to the module's thread.
class PrivateBroker {
 public:
  /// `on_started` is called each time the broker accepts connections.
  PrivateBroker(beehive::ModuleContext& context, PrivateBrokerOptions options,
                std::function<void()> on_started);

  /// Runs until cancelled.
  boost::asio::awaitable<void> run();

  /// Of the running broker; 0 if none runs.
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  boost::asio::awaitable<void> live();
  boost::asio::awaitable<void> end_stale();
  boost::asio::awaitable<void> watch(Child& child);
  boost::asio::awaitable<void> announce();
  boost::asio::awaitable<bool> answers(std::chrono::milliseconds patience);
  boost::asio::awaitable<void> read_output(FileDescriptor output);
  void take_output(std::string_view text);
  [[nodiscard]] Child spawn();

  beehive::ModuleContext& context_;
  PrivateBrokerOptions options_;
  std::function<void()> on_started_;
  pid_t pid_ = 0;
  bool missing_ = false;
  std::string unfinished_line_, last_line_;
  RetryPause pause_;
  log::Quiet complaints_;
};

}  // namespace edgecore::eventbus
