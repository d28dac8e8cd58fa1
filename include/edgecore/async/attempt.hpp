// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <type_traits>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/base/outcome.hpp"

namespace edgecore::async {

/// Awaits `body` and returns its result, or a Failure if it threw an Error. Needed to await something after a
/// failure, because co_await is not allowed in a catch block.
///
///     const Outcome<void> written = co_await attempt(store::async_write(store, std::move(job)));
///     if (!written) log->error("… cannot be stored: {}", written.failure().message());
///
/// `attempt<net::NetError>(…)` catches only that type. Everything else passes through: cancellation
/// (system_error with operation_aborted) and exceptions that are not an Error, which are bugs.
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
