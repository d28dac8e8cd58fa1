// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::edged {

/// Reason and message why a pod does not run or a container was not started, as the waiting container's or
/// the failed pod's status shows them ("CrashLoopBackOff", "ErrImagePull", "Evicted", …).
struct Refusal {
  std::string reason, message;
  bool operator==(const Refusal&) const = default;
};

/// A container is not started now, and this is its waiting reason.
class NotStarted : public Error {
 public:
  /// `again`: when to try it again, where that is known.
  explicit NotStarted(Refusal why, std::optional<SteadyTime> again = std::nullopt)
      : Error(why.message), why_(std::move(why)), again_(again) {}

  [[nodiscard]] const Refusal& why() const { return why_; }
  [[nodiscard]] const std::optional<SteadyTime>& again() const { return again_; }

 private:
  Refusal why_;
  std::optional<SteadyTime> again_;
};

}  // namespace edgecore::edged
