// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "edged/cgroups/sd_bus.hpp"

namespace edgecore::edged {

/// A property of a unit as systemd's D-Bus interface takes it: signatures b, t, s and as.
struct UnitProperty {
  std::string name;
  std::variant<bool, std::uint64_t, std::string, std::vector<std::string>> value;
  bool operator==(const UnitProperty&) const = default;
};

/// Where systemd listens.
struct SystemdAddress {
  std::string address;  ///< in D-Bus' form: "unix:path=/run/dbus/system_bus_socket"
  bool direct = false;  ///< systemd itself is at the other end, no bus between
};

/// One conversation with systemd's manager (interface org.freedesktop.systemd1.Manager), for a few calls and
/// no longer: while somebody is subscribed systemd tells all it does to everybody, and what is not read piles
/// up in the bus. Blocks; used by one thread. The whole of it ends by a time limit. Calls throw Error whose
/// text names the unit and what systemd or the connection said.
class SystemdManager {
 public:
  /// Connects to the first address that lets it. Throws Error when none does.
  SystemdManager(const SdBus& sd, const std::vector<SystemdAddress>& addresses,
                 std::chrono::milliseconds patience);
  SystemdManager(const SystemdManager&) = delete;
  SystemdManager& operator=(const SystemdManager&) = delete;

  /// Makes and starts a unit without a file, and waits until that is done. False: there is one of that name.
  [[nodiscard]] bool start_transient(const std::string& unit, const std::vector<UnitProperty>& properties);
  /// Starts a unit there is, and waits until that is done; no error when it is running.
  void start(const std::string& unit);
  /// Sets properties until the next boot.
  void set_properties(const std::string& unit, const std::vector<UnitProperty>& properties);
  /// Stops a unit and waits until that is done. False: there is none.
  [[nodiscard]] bool stop(const std::string& unit);
  /// Lets systemd forget how the unit ended. No error when it knows none.
  void reset_failed(const std::string& unit);

 private:
  struct CloseBus {
    const SdBus* sd;
    void operator()(sd_bus* bus) const {
      sd->close(bus);  // without waiting for what was not sent
      sd->bus_unref(bus);
    }
  };
  struct UnrefMessage {
    const SdBus* sd;
    void operator()(sd_bus_message* message) const { sd->unref(message); }
  };
  using Message = std::unique_ptr<sd_bus_message, UnrefMessage>;

  /// What came back: a reply, or the name of the error and its text.
  struct Answer {
    Message reply;
    std::string error, text;
  };

  void connect(const SystemdAddress& to);
  void listen(bool direct);
  /// Takes one message, or waits for one. Throws Error when the connection or the time is over.
  void turn();
  static int on_job_removed(sd_bus_message* message, void* self, sd_bus_error* error);
  [[nodiscard]] Message make(const char* method) const;
  void write(const Message& message, const std::vector<UnitProperty>& properties) const;
  void write_value(const Message& message, const UnitProperty& property) const;
  [[nodiscard]] Answer call(const Message& message);
  /// "Start", "Stop" and the like of one unit in mode "replace".
  [[nodiscard]] Answer order(const char* method, const std::string& unit);
  void wait_for_job(const Answer& begun, const char* verb, const std::string& unit);
  [[nodiscard]] std::uint64_t microseconds_left() const;

  SdBus sd_;
  std::chrono::steady_clock::time_point deadline_;
  std::unique_ptr<sd_bus, CloseBus> bus_;
  std::map<std::string, std::string> ended_jobs_;  ///< of our unit: the job's path → its result
  std::string unit_;                               ///< whose jobs are listened for
};

}  // namespace edgecore::edged
