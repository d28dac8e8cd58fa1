// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/async/task_group.hpp"

namespace edgecore::beehive {

/// The owner of a module's child coroutines.
using async::TaskGroup;

}  // namespace edgecore::beehive
