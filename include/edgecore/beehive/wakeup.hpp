// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/async/event.hpp"

namespace edgecore::beehive {

/// The former name of async::Event, which some rooms still use.
using Wakeup = async::Event;

}  // namespace edgecore::beehive
