// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace edgecore::test {

template <class T>
boost::asio::awaitable<void> keep_result(boost::asio::awaitable<T> call, std::optional<T>& into) {
  into.emplace(co_await std::move(call));
}

/// Runs one call to its end on `io` and returns what it returns, or throws what it throws.
template <class T>
T await(boost::asio::io_context& io, boost::asio::awaitable<T> call) {
  if constexpr (std::is_void_v<T>) {
    std::exception_ptr failed;
    io.restart();
    boost::asio::co_spawn(io, std::move(call), [&](std::exception_ptr error) { failed = error; });
    io.run();
    if (failed) std::rethrow_exception(failed);
  } else {
    std::optional<T> result;
    await(io, keep_result(std::move(call), result));
    return std::move(*result);
  }
}

}  // namespace edgecore::test
