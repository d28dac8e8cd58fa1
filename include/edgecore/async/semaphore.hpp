// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <utility>

namespace edgecore::async {

/// A counting semaphore for coroutines: FIFO.
///
/// Thread: one, that of all waiters. Lifetime: permits and waiters may outlive the semaphore.
class Semaphore {
  struct State;

 public:
  explicit Semaphore(std::size_t permits);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// A permit; its destructor releases it.
  class [[nodiscard]] Permit {
   public:
    Permit(Permit&&) noexcept = default;
    Permit& operator=(Permit&&) = delete;
    ~Permit();

   private:
    friend class Semaphore;
    explicit Permit(std::shared_ptr<State> of) : of_(std::move(of)) {}
    std::shared_ptr<State> of_;
  };

  /// Waits for a permit. Throws boost::system::system_error(operation_aborted) if cancelled; if it had just
  /// got a permit, the next waiter gets it.
  boost::asio::awaitable<Permit> acquire() { return acquire_from(state_); }

  [[nodiscard]] std::size_t waiting() const;

 private:
  static boost::asio::awaitable<Permit> acquire_from(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace edgecore::async
