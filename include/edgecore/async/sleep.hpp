// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "edgecore/base/clock.hpp"

namespace edgecore::async {

/// A pause that nothing ends before its time: a retry, a pace. A loop that others may wake sleeps on an
/// `Event`. Throws boost::system::system_error(operation_aborted) when the sleeper is cancelled.
boost::asio::awaitable<void> sleep_for(SteadyTime::duration time);

}  // namespace edgecore::async
