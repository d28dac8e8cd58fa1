// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/error.hpp"

#include <system_error>

namespace edgecore {

SystemError::SystemError(const std::string& what, int errno_value)
    : Error(what + ": " + std::generic_category().message(errno_value)), code_(errno_value) {}

}  // namespace edgecore
