// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/message.hpp"

namespace edgecore::edgehub {

/// Final reports of node jobs that wait to be sent (protocol/08-later-clouds.md §10.3). Exactly one per job
/// may reach the cloud: without it the job never ends there, and a second one can make CloudCore panic. So
/// they outlive the connection they were asked for on. Passive; one thread.
class JobReports {
 public:
  enum class Taken { kYes, kRepeated, kFull };
  /// Takes the report for `job`. A message that was answered before, or whose job still waits for its report,
  /// gets no other one.
  Taken take(const beehive::Message& job, beehive::Message report, SteadyTime now);
  /// A report that was taken out and not written: it is due again a moment later.
  void give_back(beehive::Message report, SteadyTime now);

  /// The next report if it is due.
  std::optional<beehive::Message> pop(SteadyTime now);
  /// When the next report is due; SteadyTime::max() without one.
  [[nodiscard]] SteadyTime next() const {
    return waiting_.empty() ? SteadyTime::max() : waiting_.front().due;
  }

 private:
  struct Entry {
    beehive::Message report;
    SteadyTime due;
  };
  std::deque<Entry> waiting_;
  std::deque<std::string> answered_;  ///< ids of the newest messages that were taken
};

}  // namespace edgecore::edgehub
