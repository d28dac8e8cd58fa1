// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/async/task_group.hpp"

namespace edgecore::beehive {

/// What a module owns its children with.
using async::TaskGroup;

}  // namespace edgecore::beehive
