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
/// they outlive the connection on which the job arrived. Passive; one thread.
class JobReports {
 public:
  enum class Taken { kYes, kRepeated, kFull };
  /// Takes the report for `job`. Refuses a second report for the same message or the same job.
  Taken take(const beehive::Message& job, beehive::Message report, SteadyTime now);
  /// Takes back a report that was popped and not written: it is due again a moment later.
  void give_back(beehive::Message report, SteadyTime now);

  /// The next report if it is due.
  std::optional<beehive::Message> pop(SteadyTime now);
  /// When the next report is due; SteadyTime::max() if there is none.
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
