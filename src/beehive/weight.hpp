// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "edgecore/beehive/message.hpp"

namespace edgecore::beehive {

/// The memory a message roughly takes: its strings, its JSON nodes and what the allocator adds to each.
std::size_t weigh(const Message& message);

}  // namespace edgecore::beehive
