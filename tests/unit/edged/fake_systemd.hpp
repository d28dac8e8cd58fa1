// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <systemd/sd-bus.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "edgecore/base/process.hpp"

namespace edgecore::edged {

/// systemd's manager as far as slices need it, on a bus or behind a socket: keeps the units, finishes their
/// jobs at once and records all calls. Runs on a thread of its own until it is destroyed.
class FakeSystemd {
 public:
  struct Call {
    std::string method, unit;
    std::map<std::string, std::string> properties;  ///< values as text; lists joined by spaces
  };
  /// Faults, from the next call on.
  struct Faults {
    std::string refuse;                  ///< a method that fails with AccessDenied
    std::string job_result = "done";     ///< the result of jobs
    bool silent = false;                 ///< does not answer at all
    bool lose_jobs = false;              ///< never reports the end of a job
    bool job_done_before_reply = false;  ///< reports it before the reply
    bool others_too = false;             ///< other units' jobs end all the time
  };

  /// On the bus at this address, as org.freedesktop.systemd1.
  static FakeSystemd on_bus(const std::string& address) { return FakeSystemd(address, {}); }
  /// Like systemd's own socket; takes one connection after the other.
  static FakeSystemd on_socket(const std::filesystem::path& path) { return FakeSystemd({}, path); }
  ~FakeSystemd();
  FakeSystemd(const FakeSystemd&) = delete;
  FakeSystemd& operator=(const FakeSystemd&) = delete;

  void set(const Faults& faults);
  void add_unit(const std::string& unit);
  /// All calls so far except Subscribe.
  [[nodiscard]] std::vector<Call> calls();
  /// The calls as "<method> <unit>".
  [[nodiscard]] std::vector<std::string> words();
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  FakeSystemd(std::string address, const std::filesystem::path& socket);
  void run_on_bus();
  void run_on_socket();
  void serve(sd_bus* bus);
  static int on_message(sd_bus_message* message, void* self, sd_bus_error* error);
  int answer(sd_bus_message* message);
  int answer_job(sd_bus_message* message, const std::string& unit, const Faults& faults);

  std::string address_;
  FileDescriptor listener_;
  std::mutex mutex_;
  Faults faults_;
  std::vector<Call> calls_;
  std::set<std::string> units_;
  unsigned jobs_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> failed_ = false;
  std::thread thread_;
};

}  // namespace edgecore::edged
