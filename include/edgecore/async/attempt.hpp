// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <type_traits>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/base/outcome.hpp"

namespace edgecore::async {

/// Awaits `body` and gives what it returned, or the Failure made of the Error it threw: co_await may not
/// stand in a catch block, so whoever has something to await after a failure needs it as a value.
///
///     const Outcome<void> written = co_await attempt(store::async_write(store, std::move(job)));
///     if (!written) log->error("… cannot be stored: {}", written.failure().message());
///
/// `attempt<net::NetError>(…)` takes that type of Error alone. Everything else passes through: cancellation
/// (system_error with operation_aborted), and what is no Error, which is a fault in the program.
template <class Caught = Error, class T>
boost::asio::awaitable<Outcome<T>> attempt(boost::asio::awaitable<T> body) {
  std::optional<Failure> failure;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(body);
      co_return Outcome<void>();
    } else {
      co_return Outcome<T>(co_await std::move(body));
    }
  } catch (const Caught& error) {
    failure = Failure::of(error);
  }
  co_return std::move(*failure);
}

}  // namespace edgecore::async
