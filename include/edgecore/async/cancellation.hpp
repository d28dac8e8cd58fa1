// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

namespace edgecore::async {

/// Throws boost::system::system_error(operation_aborted) when the calling coroutine was cancelled. For a
/// coroutine that waits with an error code, or has switched off this_coro::throw_if_cancelled for a while.
boost::asio::awaitable<void> throw_when_cancelled();

}  // namespace edgecore::async
