// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <list>

namespace edgecore::edged {

/// Lets so many coroutines through at a time; the others wait in line, first come first served. Everything on
/// one executor's thread.
class Turnstile {
 public:
  Turnstile(boost::asio::any_io_executor executor, std::size_t places)
      : executor_(std::move(executor)), free_(places) {}
  Turnstile(const Turnstile&) = delete;
  Turnstile& operator=(const Turnstile&) = delete;

  /// The right to be inside; given back when it goes out of scope. Must not outlive the turnstile.
  class Place {
   public:
    explicit Place(Turnstile& of) : of_(&of) {}
    Place(Place&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (of_ != nullptr) of_->leave();
    }

   private:
    Turnstile* of_;
  };

  /// Waits for a place. Throws boost::system::system_error(operation_aborted) when cancelled.
  boost::asio::awaitable<Place> enter();

  [[nodiscard]] std::size_t waiting() const { return line_.size(); }

 private:
  struct Waiting;
  void leave();

  boost::asio::any_io_executor executor_;
  std::size_t free_;
  std::list<Waiting*> line_;
};

}  // namespace edgecore::edged
