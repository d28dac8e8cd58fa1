// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

namespace edgecore::async {

/// Throws boost::system::system_error(operation_aborted) if the calling coroutine was cancelled. For a
/// coroutine that waits with an error code, or has switched off this_coro::throw_if_cancelled.
boost::asio::awaitable<void> throw_when_cancelled();

}  // namespace edgecore::async
