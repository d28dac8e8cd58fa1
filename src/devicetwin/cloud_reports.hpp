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
    /// For the cloud's confirmation. It gives none for a device it does not know, and loses some.
    std::chrono::milliseconds answer{10000};
    /// Reports of one state of a device that the cloud lets pass in silence. Then it is told again when
    /// something changes or the connection begins anew.
    int attempts = 3;
    /// Reports under way at one time.
    std::size_t window = 32;
  };
  /// Whether the cloud's Device shows a property of it already (Catalog::shows).
  using Shown = std::function<bool(std::string_view device, std::string_view property)>;
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
  /// Confirmed by the cloud. The device's id when the cloud has all of it now.
  std::optional<std::string> confirmed(const std::string& message_id, SteadyTime now);

  /// When `next` may have something; SteadyTime::max() without a need.
  [[nodiscard]] SteadyTime next_time() const;
  [[nodiscard]] std::size_t waiting() const { return devices_.size(); }

 private:
  struct State {
    std::set<std::string> changed;    ///< to be told
    std::set<std::string> under_way;  ///< told, not confirmed
    std::set<std::string> told_once;  ///< confirmed once, and to be told a second time
    std::string message_id;
    SteadyTime at;          ///< when the next report is due, or the one under way is given up
    SteadyTime earliest{};  ///< of the next report
    int silent = 0;
  };
  void plan(const std::string& device, State& state, SteadyTime at);
  void give_up(const std::string& device, State& state, SteadyTime now);

  Tuning tuning_;
  Shown shown_;
  bool up_ = false;
  std::map<std::string, State, std::less<>> devices_;
  std::unordered_map<std::string, std::string> by_message_;
  std::set<std::pair<SteadyTime, std::string>> schedule_;
};

}  // namespace edgecore::devicetwin
