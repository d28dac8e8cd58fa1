// SPDX-License-Identifier: Apache-2.0
#include "beehive/loop.hpp"

namespace edgecore::beehive {

void Loop::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  context_.destroy_handlers();
}

}  // namespace edgecore::beehive
