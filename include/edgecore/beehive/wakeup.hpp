// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/async/event.hpp"

namespace edgecore::beehive {

/// Its earlier name, for rooms that still use it.
using Wakeup = async::Event;

}  // namespace edgecore::beehive
