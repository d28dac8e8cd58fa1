// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace edgecore::edged {

/// Reason and message why a pod does not run or a container was not started, as the waiting container's or
/// the failed pod's status shows them ("CrashLoopBackOff", "ErrImagePull", "Evicted", …).
struct Refusal {
  std::string reason, message;
  bool operator==(const Refusal&) const = default;
};

}  // namespace edgecore::edged
