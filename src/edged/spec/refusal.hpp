// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace edgecore::edged {

/// Why a pod does not run or a container was not started: what the status of the waiting container or of the
/// failed pod shows ("CrashLoopBackOff", "ErrImagePull", "Evicted", …).
struct Refusal {
  std::string reason, message;
  bool operator==(const Refusal&) const = default;
};

}  // namespace edgecore::edged
