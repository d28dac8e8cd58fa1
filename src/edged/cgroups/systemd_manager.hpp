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

/// A property of a unit for systemd's D-Bus interface; signatures b, t, s and as.
struct UnitProperty {
  std::string name;
  std::variant<bool, std::uint64_t, std::string, std::vector<std::string>> value;
  bool operator==(const UnitProperty&) const = default;
};

/// An address at which systemd listens.
struct SystemdAddress {
  std::string address;  ///< in D-Bus' form: "unix:path=/run/dbus/system_bus_socket"
  bool direct = false;  ///< systemd itself is at the other end, no bus between
};

/// One conversation with systemd's manager (interface org.freedesktop.systemd1.Manager). Keep it for a few
/// calls only: while it is subscribed, systemd sends it all signals, and unread ones pile up in the bus.
/// Blocks; used by one thread. One time limit holds for the whole conversation. Calls throw Error whose text
/// names the unit and what systemd or the connection said.
class SystemdManager {
 public:
  /// Connects to the first address that accepts. Throws Error if none does.
  SystemdManager(const SdBus& sd, const std::vector<SystemdAddress>& addresses,
                 std::chrono::milliseconds patience);
  SystemdManager(const SystemdManager&) = delete;
  SystemdManager& operator=(const SystemdManager&) = delete;

  /// Makes and starts a transient unit, and waits until it has started. False: a unit of that name exists.
  [[nodiscard]] bool start_transient(const std::string& unit, const std::vector<UnitProperty>& properties);
  /// Starts an existing unit and waits until it has started; no error if it is running.
  void start(const std::string& unit);
  /// Sets properties until the next boot.
  void set_properties(const std::string& unit, const std::vector<UnitProperty>& properties);
  /// Stops a unit and waits until it has stopped. False: it does not exist.
  [[nodiscard]] bool stop(const std::string& unit);
  /// Resets the unit's failed state. No error if the unit is unknown.
  void reset_failed(const std::string& unit);

 private:
  struct CloseBus {
    const SdBus* sd;
    void operator()(sd_bus* bus) const {
      sd->close(bus);  // closes without flushing unsent messages
      sd->bus_unref(bus);
    }
  };
  struct UnrefMessage {
    const SdBus* sd;
    void operator()(sd_bus_message* message) const { sd->unref(message); }
  };
  using Message = std::unique_ptr<sd_bus_message, UnrefMessage>;

  /// A reply, or the name and text of an error.
  struct Answer {
    Message reply;
    std::string error, text;
  };

  void connect(const SystemdAddress& to);
  void listen(bool direct);
  /// Handles one message, or waits for one. Throws Error if the connection is lost or the time is over.
  void turn();
  static int on_job_removed(sd_bus_message* message, void* self, sd_bus_error* error);
  [[nodiscard]] Message make(const char* method) const;
  void write(const Message& message, const std::vector<UnitProperty>& properties) const;
  void write_value(const Message& message, const UnitProperty& property) const;
  [[nodiscard]] Answer call(const Message& message);
  /// Calls "StartUnit", "StopUnit" and the like for one unit in mode "replace".
  [[nodiscard]] Answer order(const char* method, const std::string& unit);
  void wait_for_job(const Answer& begun, const char* verb, const std::string& unit);
  [[nodiscard]] std::uint64_t microseconds_left() const;

  SdBus sd_;
  std::chrono::steady_clock::time_point deadline_;
  std::unique_ptr<sd_bus, CloseBus> bus_;
  std::map<std::string, std::string> ended_jobs_;  ///< job path → result, of jobs of `unit_`
  std::string unit_;                               ///< the unit whose jobs are tracked
};

}  // namespace edgecore::edged
