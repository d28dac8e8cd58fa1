#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace edgecore::cloudsim {

/// Waits for `span`.
inline boost::asio::awaitable<void> pause(boost::asio::any_io_executor executor,
                                          std::chrono::milliseconds span) {
  boost::asio::steady_timer timer(executor, span);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace edgecore::cloudsim
