// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "edgecore/base/steady_timer.hpp"

namespace edgecore::cloudsim {

/// Waits for `span`.
inline boost::asio::awaitable<void> pause(boost::asio::any_io_executor executor,
                                          std::chrono::milliseconds span) {
  SteadyTimer timer(executor, span);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace edgecore::cloudsim
