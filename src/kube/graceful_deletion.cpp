// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/graceful_deletion.hpp"

#include <algorithm>

#include "edgecore/kube/time.hpp"

namespace edgecore::kube {
namespace {

constexpr std::int64_t kDefaultGrace = 30;
/// One year, so that additions do not overflow.
constexpr std::int64_t kLongestGrace = 365 * 24 * 3600;

}  // namespace

std::int64_t deletion_grace(const Json& pod, const Json& options) {
  std::int64_t grace =
      int_or(options, "gracePeriodSeconds", int_or(pod, "spec.terminationGracePeriodSeconds", kDefaultGrace));
  const std::string phase = string_or(pod, "status.phase");
  if (phase == "Succeeded" || phase == "Failed") grace = 0;
  return grace < 0 ? 1 : std::min(grace, kLongestGrace);
}

Json deletion_mark(const Json& pod, WallTime asked, std::int64_t grace_seconds) {
  WallTime begun = asked;
  if (const auto end = time_at(pod, "metadata.deletionTimestamp")) {
    const std::int64_t grace = int_or(pod, "metadata.deletionGracePeriodSeconds", 0);
    if (grace_seconds >= grace) return Json::object();
    begun = *end - std::chrono::seconds(std::min(grace, kLongestGrace));
  }
  Json mark;
  mark["metadata"]["deletionTimestamp"] = format_time(begun + std::chrono::seconds(grace_seconds));
  mark["metadata"]["deletionGracePeriodSeconds"] = grace_seconds;
  return mark;
}

}  // namespace edgecore::kube
