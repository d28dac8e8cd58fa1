// SPDX-License-Identifier: Apache-2.0
// bench_mqtt: clients that publish at QoS 1 and wait for the answer by its event id (docs/benchmarks.md).
// With --echo it answers them itself from one more client that does nothing else: what the broker and the
// clients can do at all. One JSON line a run.
#include <mosquitto.h>
#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string host = "127.0.0.1";
  int port = 1883;
  bool echo = false;
  int clients = 20;
  int window = 20;  ///< messages of a client that wait for their answer
  double seconds = 5;
  std::string devices = "default/bench-";  ///< device of client i: this and i
  std::string property = "temperature";
  std::string last;  ///< a file for the last answered value of each device
};

void must(int code, const char* what) {
  if (code != MOSQ_ERR_SUCCESS)
    throw std::runtime_error(fmt::format("{}: {}", what, mosquitto_strerror(code)));
}

struct Free {
  void operator()(mosquitto* client) const { mosquitto_destroy(client); }
};
using Client = std::unique_ptr<mosquitto, Free>;

Client connect(const Options& options, void* owner) {
  Client client(mosquitto_new(nullptr, true, owner));
  if (!client) throw std::runtime_error("libmosquitto has no memory for a client");
  must(mosquitto_int_option(client.get(), MOSQ_OPT_TCP_NODELAY, 1), "no delay");
  must(mosquitto_max_inflight_messages_set(client.get(), 0), "window");
  must(mosquitto_connect(client.get(), options.host.c_str(), options.port, 60), "connect");
  return client;
}

/// Text between `"event_id":"` and the next quote; fast enough for a client that shares its machine with the
/// agent.
std::string event_id(const mosquitto_message& message) {
  const std::string_view text(static_cast<const char*>(message.payload),
                              static_cast<std::size_t>(message.payloadlen));
  constexpr std::string_view kMark = "\"event_id\":\"";
  const std::size_t begin = text.find(kMark);
  if (begin == std::string_view::npos) return {};
  const std::size_t from = begin + kMark.size();
  return std::string(text.substr(from, text.find('"', from) - from));
}

/// One client: keeps `window` messages under way until the time is over, then waits for the answers.
class Publisher {
 public:
  Publisher(const Options& options, int number)
      : options_(options),
        device_(options.devices + std::to_string(number)),
        topic_(options.echo ? "bench/request/" + std::to_string(number)
                            : "$hw/events/device/" + device_ + "/twin/update"),
        answers_(options.echo ? "bench/result/" + std::to_string(number) : topic_ + "/result"),
        client_(connect(options, this)) {
    mosquitto_message_callback_set(client_.get(),
                                   [](mosquitto*, void* self, const mosquitto_message* message) {
                                     static_cast<Publisher*>(self)->on_answer(*message);
                                   });
    must(mosquitto_subscribe(client_.get(), nullptr, answers_.c_str(), 1), "subscribe");
    for (int i = 0; i < 20; ++i) mosquitto_loop(client_.get(), 10, 100);
  }

  void run() {
    const auto begin = Clock::now();
    const auto end =
        begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.seconds));
    const auto patience = end + std::chrono::seconds(10);
    while (Clock::now() < patience) {
      const bool more = Clock::now() < end;
      while (more && sent_.size() - answered_ < static_cast<std::size_t>(options_.window)) publish();
      if (!more && answered_ == sent_.size()) return;
      if (mosquitto_loop(client_.get(), 100, 1000) != MOSQ_ERR_SUCCESS) mosquitto_reconnect(client_.get());
    }
  }

  [[nodiscard]] std::size_t sent() const { return sent_.size(); }
  [[nodiscard]] std::size_t answered() const { return answered_; }
  [[nodiscard]] const std::vector<double>& latencies() const { return latencies_; }
  [[nodiscard]] Clock::time_point last_answer() const { return last_answer_; }
  [[nodiscard]] const std::string& device() const { return device_; }
  [[nodiscard]] const std::string& last_value() const { return last_value_; }
  [[nodiscard]] std::size_t refused() const { return refused_; }

 private:
  void publish() {
    const std::string id = std::to_string(sent_.size());
    const std::string payload = fmt::format(
        R"({{"event_id":"{}","timestamp":1700000000000,"twin":{{"{}":{{"actual":{{"value":"{}"}},"metadata":{{"type":"string"}}}}}}}})",
        id, options_.property, id);
    sent_.push_back(Clock::now());
    must(mosquitto_publish(client_.get(), nullptr, topic_.c_str(), static_cast<int>(payload.size()),
                           payload.data(), 1, false),
         "publish");
  }

  void on_answer(const mosquitto_message& message) {
    const std::string id = event_id(message);
    if (id.empty()) return;
    const std::size_t number = std::strtoul(id.c_str(), nullptr, 10);
    if (number >= sent_.size()) return;
    last_answer_ = Clock::now();
    latencies_.push_back(std::chrono::duration<double, std::milli>(last_answer_ - sent_[number]).count());
    last_value_ = id;
    const std::string_view text(static_cast<const char*>(message.payload),
                                static_cast<std::size_t>(message.payloadlen));
    if (text.find("\"code\":") != std::string_view::npos) ++refused_;
    ++answered_;
  }

  const Options& options_;
  std::string device_, topic_, answers_;
  std::vector<Clock::time_point> sent_;
  std::vector<double> latencies_;
  std::size_t answered_ = 0;
  std::size_t refused_ = 0;
  Clock::time_point last_answer_{};
  std::string last_value_;
  Client client_;
};

/// Answers each request with its own payload.
class Echo {
 public:
  explicit Echo(const Options& options) : client_(connect(options, this)) {
    mosquitto_message_callback_set(
        client_.get(), [](mosquitto* client, void*, const mosquitto_message* message) {
          const std::string topic = "bench/result/" + std::string(message->topic).substr(14);
          mosquitto_publish(client, nullptr, topic.c_str(), message->payloadlen, message->payload, 1, false);
        });
    must(mosquitto_subscribe(client_.get(), nullptr, "bench/request/+", 1), "subscribe");
    for (int i = 0; i < 20; ++i) mosquitto_loop(client_.get(), 10, 100);
    thread_ = std::thread([this] {
      while (!stop_) mosquitto_loop(client_.get(), 100, 1000);
    });
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  ~Echo() {
    stop_ = true;
    thread_.join();
  }

 private:
  Client client_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

double quantile(std::vector<double>& values, double part) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

int measure(const Options& options) {
  std::unique_ptr<Echo> echo;
  if (options.echo) echo = std::make_unique<Echo>(options);
  std::vector<std::unique_ptr<Publisher>> publishers;
  for (int i = 0; i < options.clients; ++i) publishers.push_back(std::make_unique<Publisher>(options, i));
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  threads.reserve(publishers.size());
  for (auto& each : publishers) threads.emplace_back([&each] { each->run(); });
  for (auto& thread : threads) thread.join();

  std::size_t sent = 0;
  std::size_t answered = 0;
  std::size_t refused = 0;
  auto last = begin;
  std::vector<double> latencies;
  nlohmann::json values = nlohmann::json::object();
  for (const auto& each : publishers) {
    sent += each->sent();
    answered += each->answered();
    refused += each->refused();
    last = std::max(last, each->last_answer());
    latencies.insert(latencies.end(), each->latencies().begin(), each->latencies().end());
    values[each->device()] = each->last_value();
  }
  const double seconds = std::max(1e-3, std::chrono::duration<double>(last - begin).count());
  const nlohmann::json line = {{"figure", options.echo ? "mqtt_echo" : "twin_updates"},
                               {"clients", options.clients},
                               {"window", options.window},
                               {"sent", sent},
                               {"answered", answered},
                               {"refused", refused},
                               {"per_second", static_cast<double>(answered) / seconds},
                               {"p50_ms", quantile(latencies, 0.5)},
                               {"p99_ms", quantile(latencies, 0.99)}};
  std::puts(line.dump().c_str());
  if (!options.last.empty()) {
    std::FILE* file = std::fopen(options.last.c_str(), "w");
    if (file == nullptr) throw std::runtime_error("cannot write " + options.last);
    std::fputs(values.dump().c_str(), file);
    std::fclose(file);
  }
  return answered == sent && refused == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"MQTT clients that wait for an answer to each message"};
  app.add_option("--host", options.host, "broker");
  app.add_option("--port", options.port, "of the broker");
  app.add_flag("--echo", options.echo, "answer by a client of our own instead of edgecore");
  app.add_option("--clients", options.clients)->check(CLI::Range(1, 1000));
  app.add_option("--window", options.window, "messages of a client under way at a time")
      ->check(CLI::Range(1, 100000));
  app.add_option("--seconds", options.seconds);
  app.add_option("--devices", options.devices, "the device of client i is called so and i");
  app.add_option("--property", options.property);
  app.add_option("--last", options.last, "write the last answered value of each device into this file");
  CLI11_PARSE(app, argc, argv);
  mosquitto_lib_init();
  int status = 1;
  try {
    status = measure(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_mqtt: %s\n", error.what());
  }
  mosquitto_lib_cleanup();
  return status;
}
