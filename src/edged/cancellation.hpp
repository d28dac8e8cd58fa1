#pragma once

#include "edgecore/base/error.hpp"
#include "edgecore/cri/call_error.hpp"

namespace edgecore::edged {

/// Whether this is a call that ended because its asker does: for a loop to pass on, not to report.
inline bool is_cancellation(const Error& error) {
  const auto* call = dynamic_cast<const cri::CallError*>(&error);
  return call != nullptr && call->cancelled();
}

}  // namespace edgecore::edged
