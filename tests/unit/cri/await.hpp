// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <type_traits>

namespace edgecore::cri {

/// Runs one call to its end on `io` and returns what it returns, or throws what it throws.
template <class T>
T await(boost::asio::io_context& io, boost::asio::awaitable<T> call) {
  std::exception_ptr failed;
  io.restart();
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(io, std::move(call), [&](std::exception_ptr error) { failed = error; });
    io.run();
    if (failed) std::rethrow_exception(failed);
  } else {
    std::optional<T> result;
    boost::asio::co_spawn(io, std::move(call), [&](std::exception_ptr error, T value) {
      failed = error;
      if (!error) result.emplace(std::move(value));
    });
    io.run();
    if (failed) std::rethrow_exception(failed);
    return std::move(*result);
  }
}

}  // namespace edgecore::cri
