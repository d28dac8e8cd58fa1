// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "edgecore/base/error.hpp"
#include "edgecore/cri/call_error.hpp"

namespace edgecore::edged {

/// Whether this is a call that ended because its asker does: for a loop to pass on, not to report.
inline bool is_cancellation(const Error& error) {
  const auto* call = dynamic_cast<const cri::CallError*>(&error);
  return call != nullptr && call->cancelled();
}

/// Ends a coroutine that was cancelled while what it waited for was not: throws system_error
/// (operation_aborted).
inline boost::asio::awaitable<void> stop_if_cancelled() {
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (state.cancelled() != boost::asio::cancellation_type::none)
    throw boost::system::system_error(boost::asio::error::operation_aborted);
}

}  // namespace edgecore::edged
