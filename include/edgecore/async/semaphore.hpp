// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <utility>

namespace edgecore::async {

/// Lets so many coroutines through at a time; the others wait in line, first come first served.
///
/// Thread: one, that of all who wait. Lifetime: permits and those who wait may outlive the semaphore.
class Semaphore {
  struct State;

 public:
  explicit Semaphore(std::size_t permits);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// The right to go on; given back when it goes out of scope.
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

  /// Waits for a permit. Throws boost::system::system_error(operation_aborted) when cancelled; one who is
  /// cancelled when its turn has just come passes it on.
  boost::asio::awaitable<Permit> acquire() { return acquire_from(state_); }

  [[nodiscard]] std::size_t waiting() const;

 private:
  static boost::asio::awaitable<Permit> acquire_from(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace edgecore::async
