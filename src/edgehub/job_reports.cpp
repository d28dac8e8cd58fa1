// SPDX-License-Identifier: Apache-2.0
#include "edgehub/job_reports.hpp"

#include <algorithm>
#include <utility>

namespace edgecore::edgehub {
namespace {

/// A cloud sends a node one job of a kind at a time, so this is far more than it needs.
constexpr std::size_t kMostWaiting = 256;
constexpr std::size_t kIdsKept = 256;
/// The cloud writes "InProgress" after it has sent a job, which would overwrite an earlier report.
constexpr std::chrono::milliseconds kNotBefore{500};

}  // namespace

JobReports::Taken JobReports::take(const beehive::Message& job, beehive::Message report, SteadyTime now) {
  const bool waits = std::any_of(waiting_.begin(), waiting_.end(), [&](const Entry& entry) {
    return entry.report.route.resource == job.route.resource;
  });
  const bool known = std::find(answered_.begin(), answered_.end(), job.header.id) != answered_.end();
  if (waits || known) return Taken::kRepeated;
  if (waiting_.size() >= kMostWaiting) return Taken::kFull;
  answered_.push_back(job.header.id);
  if (answered_.size() > kIdsKept) answered_.pop_front();
  waiting_.push_back({std::move(report), now + kNotBefore});
  return Taken::kYes;
}

void JobReports::give_back(beehive::Message report, SteadyTime now) {
  waiting_.push_back({std::move(report), now + kNotBefore});
}

std::optional<beehive::Message> JobReports::pop(SteadyTime now) {
  if (waiting_.empty() || waiting_.front().due > now) return std::nullopt;
  beehive::Message report = std::move(waiting_.front().report);
  waiting_.pop_front();
  return report;
}

}  // namespace edgecore::edgehub
