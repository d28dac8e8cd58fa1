// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "edgecore/base/clock.hpp"

namespace edgecore::devicetwin {

/// Decides which properties to report to the cloud, and when (pains rows 29, 31). At most one report per
/// device is under way; it holds the newest value of each changed property, and later changes go into the
/// next one. So a flood costs the cloud one report per device and `spacing`, and the last value always
/// arrives. Passive; the module's thread; `now` is steady time.
class CloudReports {
 public:
  struct Tuning {
    /// Between two reports of one device: each one patches an object in the cluster.
    std::chrono::milliseconds spacing{1000};
    /// Time limit of the cloud's confirmation. It sends none for a device it does not know or cannot patch,
    /// and loses some.
    std::chrono::milliseconds answer{10000};
    /// Unconfirmed reports of one device state before reports become rare.
    int attempts = 3;
    std::chrono::milliseconds first_rare{60000};  ///< then the pause between reports, doubled each time …
    std::chrono::milliseconds last_rare{600000};  ///< … up to this
    std::size_t window = 32;                      ///< limit of reports under way
    std::size_t rare = 4;  ///< limit of additional ones for devices that the cloud does not confirm
  };
  /// Which properties the cluster's Devices show. The first report of a property that is not shown only makes
  /// an entry without a value, so it is reported twice (protocol/04-devices.md §2.11).
  struct Shown {
    std::function<bool(std::string_view device, std::string_view property)> is;
    std::function<void(const std::string& device, const std::string& property)>
        note;  ///< it was reported twice
  };
  CloudReports(Tuning tuning, Shown shown) : tuning_(tuning), shown_(std::move(shown)) {}

  void changed(const std::string& device, const std::vector<std::string>& properties, SteadyTime now);
  void forget(const std::string& device);
  /// A new connection: reports under way are lost, and failed attempts are forgotten. Nothing is due without
  /// one.
  void set_link(bool up, SteadyTime now);

  struct Due {
    std::string device;
    std::vector<std::string> properties;
  };
  /// The report to send now, if any. The caller sends it and calls `sent`; if it cannot send, it asks again
  /// later.
  std::optional<Due> next(SteadyTime now);
  void sent(const Due& due, const std::string& message_id, SteadyTime now);
  /// The cloud has confirmed the report, in time or late. Returns the device's id if the cloud has all its
  /// values now.
  std::optional<std::string> confirmed(const std::string& message_id, SteadyTime now);

  /// When to call `next` again; SteadyTime::max() if nothing is due.
  [[nodiscard]] SteadyTime next_time() const;
  /// Number of devices with unconfirmed values.
  [[nodiscard]] std::size_t waiting() const { return devices_.size() - resting_.size(); }

 private:
  struct State {
    std::set<std::string> changed;    ///< to be reported
    std::set<std::string> under_way;  ///< reported, not confirmed
    std::set<std::string> told_once;  ///< confirmed once, to be reported a second time
    std::string message_id;
    SteadyTime at = SteadyTime::max();  ///< when the next report is due, or the one under way times out
    SteadyTime earliest{};              ///< earliest time of the next report
    int silent = 0;
    std::uint64_t changes = 0;  ///< counts changes
    std::uint64_t sent_at = 0;  ///< `changes` when the report under way was sent
  };
  /// A report that timed out, but may still be confirmed.
  struct Late {
    std::string device;
    std::uint64_t changes = 0;  ///< the device's `changes` when it was sent
  };
  void plan(const std::string& device, State& state, SteadyTime at);
  void give_up(const std::string& device, State& state, SteadyTime now);
  std::optional<std::string> settle(const std::string& device, State& state, SteadyTime now);
  [[nodiscard]] bool is_rare(const State& state) const { return state.silent >= tuning_.attempts; }
  void drop_rested(SteadyTime now);

  Tuning tuning_;
  Shown shown_;
  bool up_ = false;
  std::map<std::string, State, std::less<>> devices_;
  std::unordered_map<std::string, std::string> by_message_;
  std::unordered_map<std::string, Late> late_;
  std::size_t rare_under_way_ = 0;
  std::set<std::pair<SteadyTime, std::string>> schedule_;
  /// Fully confirmed devices that are still within `spacing`.
  std::set<std::pair<SteadyTime, std::string>> resting_;
};

}  // namespace edgecore::devicetwin
