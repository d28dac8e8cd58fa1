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

/// Which properties the cloud is still to be told of, and when (pains rows 29, 31). Per device at most one
/// report is under way, and it holds the newest value of each changed property; what changes meanwhile goes
/// with the next one. So a flood costs the cloud one report per device and `spacing`, and the last value
/// always arrives. Passive; the module's thread; `now` is steady time.
class CloudReports {
 public:
  struct Tuning {
    /// Between two reports of one device: each is a patch of an object in the cluster.
    std::chrono::milliseconds spacing{1000};
    /// For the cloud's confirmation. It gives none for a device it does not know or cannot patch now, and
    /// loses some.
    std::chrono::milliseconds answer{10000};
    /// Reports of one state of a device that the cloud lets pass in silence before they become rare.
    int attempts = 3;
    std::chrono::milliseconds first_rare{60000};  ///< then the pause between two of them, doubled each time …
    std::chrono::milliseconds last_rare{600000};  ///< … up to this
    std::size_t window = 32;                      ///< reports under way at one time
    std::size_t rare = 4;  ///< and beside them, of devices that the cloud says nothing of
  };
  /// What the cluster's Devices show. The first report of a property that they do not show makes an entry
  /// without a value: it is told a second time (protocol/04-devices.md §2.11).
  struct Shown {
    std::function<bool(std::string_view device, std::string_view property)> is;
    std::function<void(const std::string& device, const std::string& property)> note;  ///< it was told twice
  };
  CloudReports(Tuning tuning, Shown shown) : tuning_(tuning), shown_(std::move(shown)) {}

  void changed(const std::string& device, const std::vector<std::string>& properties, SteadyTime now);
  void forget(const std::string& device);
  /// A new connection: what was under way is lost, silence is forgiven. Without one nothing is due.
  void set_link(bool up, SteadyTime now);

  struct Due {
    std::string device;
    std::vector<std::string> properties;
  };
  /// What is to be sent now, if anything; the caller sends it and says `sent`, or nothing, and asks again
  /// later.
  std::optional<Due> next(SteadyTime now);
  void sent(const Due& due, const std::string& message_id, SteadyTime now);
  /// Confirmed by the cloud, in time or late. The device's id when the cloud has all of it now.
  std::optional<std::string> confirmed(const std::string& message_id, SteadyTime now);

  /// When `next` may have something; SteadyTime::max() without a need.
  [[nodiscard]] SteadyTime next_time() const;
  /// Devices the cloud has not all of.
  [[nodiscard]] std::size_t waiting() const { return devices_.size() - resting_.size(); }

 private:
  struct State {
    std::set<std::string> changed;    ///< to be told
    std::set<std::string> under_way;  ///< told, not confirmed
    std::set<std::string> told_once;  ///< confirmed once, and to be told a second time
    std::string message_id;
    SteadyTime at = SteadyTime::max();  ///< when the next report is due, or the one under way is given up
    SteadyTime earliest{};              ///< of the next report
    int silent = 0;
    std::uint64_t changes = 0;  ///< counts what came in
    std::uint64_t sent_at = 0;  ///< that count when the report under way was sent
  };
  /// A report whose time was over. It may only have been slow.
  struct Late {
    std::string device;
    std::uint64_t changes = 0;  ///< of the device when it was sent
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
  /// Devices of which the cloud has all, and that may not be reported again yet.
  std::set<std::pair<SteadyTime, std::string>> resting_;
};

}  // namespace edgecore::devicetwin
