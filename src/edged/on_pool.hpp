#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::edged {

/// Runs `work` on the pool and resumes on the caller's executor when it is done; throws what it threw. A
/// cancelled caller waits all the same, so that no work outlives what it touches.
inline boost::asio::awaitable<void> on_pool(BlockingPool& pool, std::function<void()> work) {
  auto start = [&pool, &work](auto handler) {
    using Handler = decltype(handler);
    auto executor =
        boost::asio::prefer(boost::asio::any_io_executor(boost::asio::get_associated_executor(handler)),
                            boost::asio::execution::outstanding_work.tracked);
    // std::function wants copies, completion handlers only move: share it.
    auto shared = std::make_shared<Handler>(std::move(handler));
    const auto finish = [shared, executor](std::exception_ptr failure) {
      boost::asio::post(executor, [shared, failure = std::move(failure)]() mutable {
        std::move (*shared)(std::move(failure));
      });
    };
    if (!pool.submit(std::move(work), finish)) {
      finish(std::make_exception_ptr(Error(
          "Too many slow operations are waiting for the machine already; this one is tried again later")));
    }
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(std::exception_ptr)>(
      start, boost::asio::use_awaitable);
}

}  // namespace edgecore::edged
