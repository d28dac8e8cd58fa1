// SPDX-License-Identifier: Apache-2.0
#include "eventbus/private_broker.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/net/reach.hpp"

namespace edgecore::eventbus {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kStopWithin{1000};
constexpr std::size_t kLongestLine = 500;

fs::path configuration_file(const fs::path& directory) {
  return directory / "mosquitto.conf";
}
fs::path pid_file(const fs::path& directory) {
  return directory / "mosquitto.pid";
}

std::optional<pid_t> read_pid(const fs::path& file) {
  const auto text = read_file(file, 64);
  if (!text) return std::nullopt;
  pid_t pid = 0;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), pid);
  if (failure != std::errc() || pid <= 1) return std::nullopt;
  return pid;
}

/// Whether `file` is one of the arguments of the process.
bool was_started_with(pid_t pid, const fs::path& file) {
  try {
    const auto line = read_file("/proc/" + std::to_string(pid) + "/cmdline", 64U << 10U);
    if (!line) return false;
    for (std::size_t begin = 0; begin < line->size();) {
      const std::size_t end = std::min(line->find('\0', begin), line->size());
      if (std::string_view(*line).substr(begin, end - begin) == file.native()) return true;
      begin = end + 1;
    }
  } catch (const Error&) {
    // The process has ended meanwhile.
  }
  return false;
}

/// The address at which local clients reach a broker that listens on `host`.
std::string reachable(const std::string& host) {
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

/// Thrown when the child ends, to end the tasks that depend on it.
class BrokerEnded : public Error {
 public:
  using Error::Error;
};

}  // namespace

std::string broker_configuration(const PrivateBrokerOptions& options) {
  std::string text =
      "# Written by edgecore each time it starts this broker (modules.eventBus.mqttServerInternal); changes "
      "are lost.\n";
  text += "listener " + std::to_string(options.port);
  if (!options.host.empty()) text += " " + options.host;
  text += "\nallow_anonymous true\npersistence false\n";
  text += "max_queued_messages " + std::to_string(std::max(1, options.session_queue_size)) + "\n";
  text += "max_packet_size " + std::to_string(options.max_packet_bytes) + "\n";
  text += "set_tcp_nodelay true\nlog_dest stderr\nlog_type error\nlog_type warning\nlog_timestamp false\n";
  text += "connection_messages false\n";
  return text;
}

std::optional<pid_t> stale_broker(const fs::path& directory) {
  const auto pid = read_pid(pid_file(directory));
  if (!pid || !was_started_with(*pid, configuration_file(directory))) return std::nullopt;
  return pid;
}

PrivateBroker::PrivateBroker(beehive::ModuleContext& context, PrivateBrokerOptions options,
                             std::function<void()> on_started)
    : context_(context),
      options_(std::move(options)),
      on_started_(std::move(on_started)),
      pause_(options_.retry) {
  options_.directory = fs::absolute(options_.directory);
}

asio::awaitable<void> PrivateBroker::run() {
  for (;;) {
    missing_ = false;
    const SteadyTime begun = steady_now();
    const Outcome<void> lived = co_await async::attempt(live());
    pid_ = 0;
    if (steady_now() - begun >= kGoodLife) {
      pause_.reset();
      complaints_.reset();
    }
    if (complaints_.now())
      context_.log->error("the private MQTT broker is not running (attempt {}): {}", complaints_.count(),
                          lived ? "it has ended" : lived.failure().message());
    SteadyTimer timer(context_.executor, missing_ ? options_.retry_missing : pause_.next());
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<void> PrivateBroker::live() {
  make_directories(options_.directory, 0700);
  co_await end_stale();
  replace_file(configuration_file(options_.directory), broker_configuration(options_), 0600);
  last_line_.clear();
  const bool taken = co_await answers(std::chrono::milliseconds(200));
  if (taken) {
    throw Error("another program listens at port " + std::to_string(options_.port) +
                " already; end it, or set modules.eventBus.mqttServerInternal to another port");
  }
  Child child = spawn();
  pid_ = child.pid();
  replace_file(pid_file(options_.directory), std::to_string(pid_), 0600);
  async::TaskGroup tasks(context_.executor);
  tasks.spawn("output of the MQTT broker", read_output(std::move(child.err)));
  tasks.spawn("start of the MQTT broker", announce());
  tasks.spawn("end of the MQTT broker", watch(child));
  std::exception_ptr failure;
  try {
    co_await tasks.join();
  } catch (...) {
    failure = std::current_exception();
  }
  // A stopping module waits a moment for this; the broker takes milliseconds.
  child.stop(kStopWithin);
  ::unlink(pid_file(options_.directory).c_str());
  if (failure) std::rethrow_exception(failure);
}

Child PrivateBroker::spawn() {
  Command command;
  command.argv = {options_.program, "-c", configuration_file(options_.directory).native()};
  command.working_directory = options_.directory;
  command.err = PipeStream{};
  for (const bool last : {false, true}) {
    try {
      return Child::spawn(command);
    } catch (const SystemError& error) {
      if (error.code() != ENOENT) throw;
      missing_ = true;
      if (last) break;
    }
    // A service's PATH may lack /usr/sbin.
    if (options_.program.find('/') != std::string::npos) break;
    command.argv[0] = "/usr/sbin/" + options_.program;
  }
  throw Error(
      "the program " + options_.program +
      " is not installed, and modules.eventBus.mqttMode asks for it: install the package mosquitto, or set "
      "mqttMode to 2");
}

/// Ends the broker that a killed edgecore left behind: it holds the port.
asio::awaitable<void> PrivateBroker::end_stale() {
  const auto stale = stale_broker(options_.directory);
  if (!stale) co_return;
  context_.log->info("ending the MQTT broker (process {}) that an earlier edgecore has left behind", *stale);
  const fs::path file = configuration_file(options_.directory);
  SteadyTimer timer(context_.executor);
  ::kill(*stale, SIGTERM);
  const SteadyTime patience = steady_now() + kStopWithin;
  while (was_started_with(*stale, file)) {
    if (steady_now() >= patience) ::kill(*stale, SIGKILL);
    timer.expires_after(std::chrono::milliseconds(10));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<void> PrivateBroker::watch(Child& child) {
  const int copy = ::fcntl(child.pidfd(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw SystemError("cannot watch the MQTT broker", errno);
  asio::posix::stream_descriptor ended(context_.executor, copy);
  co_await ended.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  // The broker's last log lines may still be in the pipe.
  SteadyTimer moment(context_.executor, std::chrono::milliseconds(20));
  co_await moment.async_wait(asio::use_awaitable);
  const auto status = child.wait(std::chrono::milliseconds(0));
  std::string sentence = "mosquitto " + (status ? status->sentence() : "has ended");
  if (!last_line_.empty()) sentence += "; its last log line: " + log::quote(last_line_);
  throw BrokerEnded(sentence);
}

asio::awaitable<void> PrivateBroker::announce() {
  SteadyTimer timer(context_.executor);
  for (auto pause = std::chrono::milliseconds(5);;
       pause = std::min(pause * 2, std::chrono::milliseconds(1000))) {
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
    const bool there = co_await answers(std::chrono::milliseconds(1000));
    if (there) break;
  }
  context_.log->info("the private MQTT broker runs (process {}, port {})", pid_, options_.port);
  on_started_();
}

/// Whether something listens at the broker's port.
asio::awaitable<bool> PrivateBroker::answers(std::chrono::milliseconds patience) {
  std::string host = reachable(options_.host);
  const auto reached =
      co_await async::attempt<net::NetError>(net::reach(std::move(host), options_.port, patience));
  co_return reached.ok();
}

asio::awaitable<void> PrivateBroker::read_output(FileDescriptor output) {
  asio::posix::stream_descriptor stream(context_.executor, output.release());
  std::array<char, 1024> buffer{};
  for (;;) {
    boost::system::error_code error;
    const std::size_t count = co_await stream.async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) co_return;
    take_output(std::string_view(buffer.data(), count));
  }
}

void PrivateBroker::take_output(std::string_view text) {
  for (const char c : text) {
    if (c != '\n') {
      if (unfinished_line_.size() < kLongestLine) unfinished_line_ += c;
      continue;
    }
    if (!unfinished_line_.empty()) last_line_ = std::exchange(unfinished_line_, {});
    context_.log->debug("mosquitto: {}", log::quote(last_line_));
  }
}

}  // namespace edgecore::eventbus
