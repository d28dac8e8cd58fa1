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
#include <memory>
#include <utility>

#include "edgecore/store/store.hpp"

namespace edgecore::store {

/// Writes and resumes on the caller's executor when the job is on disk; throws what made it fail (see
/// `Done`). While the store is busy the caller waits its turn. A write that has been taken is finished even
/// if the coroutine is cancelled. The caller's io_context must live until then: `Store::flush` before
/// destroying it. Name the job before the co_await (g++ 12 mishandles temporaries there).
inline boost::asio::awaitable<void> async_write(Store& store, Job job, std::size_t bytes = 0) {
  auto start = [&store, &job, bytes](auto handler) {
    using Handler = decltype(handler);
    auto executor =
        boost::asio::prefer(boost::asio::any_io_executor(boost::asio::get_associated_executor(handler)),
                            boost::asio::execution::outstanding_work.tracked);
    // std::function wants copies, completion handlers only move: share it.
    auto shared = std::make_shared<Handler>(std::move(handler));
    Done done = [shared = std::move(shared), executor = std::move(executor)](std::exception_ptr failure) {
      boost::asio::post(executor, [shared, failure = std::move(failure)]() mutable {
        std::move (*shared)(std::move(failure));
      });
    };
    store.submit_and_wait_turn(std::move(job), std::move(done), bytes);
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(std::exception_ptr)>(
      start, boost::asio::use_awaitable);
}

}  // namespace edgecore::store
