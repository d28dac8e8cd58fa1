// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>

#include "edgecore/base/clock.hpp"

namespace edgecore {

/// Asio's timer on the program's steady clock. Use it for every wait, so that tests can skip time.
using SteadyTimer = boost::asio::basic_waitable_timer<SteadyClock>;

}  // namespace edgecore
