// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/error.hpp"

#include <cerrno>
#include <system_error>

namespace edgecore {

bool is_shortage(int errno_value) noexcept {
  switch (errno_value) {
    case EAGAIN:
    case ENOMEM:
    case ENOBUFS:
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EIO:
      return true;
    default:
      return false;
  }
}

SystemError::SystemError(const std::string& what, int errno_value)
    : Error(what + ": " + std::generic_category().message(errno_value)), code_(errno_value) {}

}  // namespace edgecore
