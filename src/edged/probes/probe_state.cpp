// SPDX-License-Identifier: Apache-2.0
#include "edged/probes/probe_state.hpp"

#include <algorithm>

namespace edgecore::edged {

std::string_view probe_name(ProbeKind kind) {
  switch (kind) {
    case ProbeKind::kStartup:
      return "startup";
    case ProbeKind::kReadiness:
      return "readiness";
    case ProbeKind::kLiveness:
      break;
  }
  return "liveness";
}

void ProbeState::restart(std::optional<bool> known) {
  last_.reset();
  run_ = 0;
  if (known) {
    verdict_ = known;
  } else if (kind_ == ProbeKind::kStartup) {
    verdict_.reset();
  } else {
    verdict_ = kind_ == ProbeKind::kLiveness;
  }
}

bool ProbeState::take(ProbeReply::Kind reply) {
  if (reply == ProbeReply::Kind::kError) return false;
  const bool good = reply == ProbeReply::Kind::kSuccess;
  run_ = last_ == good ? run_ + 1 : 1;
  last_ = good;
  const std::int64_t threshold =
      std::max<std::int64_t>(1, good ? probe_.success_threshold : probe_.failure_threshold);
  if (run_ < threshold || verdict_ == good) return false;
  verdict_ = good;
  return true;
}

void ProbeState::give_in() {
  if (kind_ != ProbeKind::kReadiness) verdict_ = true;
}

bool ProbeState::settled() const {
  return (kind_ != ProbeKind::kReadiness && failed()) || (kind_ == ProbeKind::kStartup && succeeded());
}

}  // namespace edgecore::edged
