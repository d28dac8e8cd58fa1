// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "edgecore/base/error.hpp"

namespace edgecore {

/// The reason of a failure, as a value: a message for a person and, if it came from an exception, the
/// exception. Copies share the exception; keep them on one thread.
class Failure {
 public:
  explicit Failure(std::string message) : message_(std::move(message)) {}
  /// From an exception that is being handled: `catch (const Error& error) { … Failure::of(error) … }`.
  static Failure of(const Error& error) {
    Failure failure{std::string(error.what())};
    failure.cause_ = std::current_exception();
    return failure;
  }

  [[nodiscard]] const std::string& message() const { return message_; }

  /// The exception if it is an E, for the data of that type (a code, a kind).
  template <class E>
  [[nodiscard]] std::optional<E> as() const {
    try {
      if (cause_) std::rethrow_exception(cause_);
    } catch (const E& error) {
      return error;
    } catch (...) {
    }
    return std::nullopt;
  }

  /// Throws the exception, or else an Error with the message.
  [[noreturn]] void raise() const {
    if (cause_) std::rethrow_exception(cause_);
    throw Error(message_);
  }

 private:
  std::string message_;
  std::exception_ptr cause_;
};

/// A value or a Failure. For failures that the caller should handle (docs/architecture.md, "Errors and
/// outcomes").
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Failure failure) : held_(std::in_place_index<1>, std::move(failure)) {}

  [[nodiscard]] bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// Throws the failure if there is one.
  [[nodiscard]] T& value() & { return or_raise(*this); }
  [[nodiscard]] const T& value() const& { return or_raise(*this); }
  [[nodiscard]] T value() && { return std::move(or_raise(*this)); }
  /// Precondition: ok.
  [[nodiscard]] T& operator*() { return *std::get_if<0>(&held_); }
  [[nodiscard]] const T& operator*() const { return *std::get_if<0>(&held_); }
  [[nodiscard]] T* operator->() { return std::get_if<0>(&held_); }
  [[nodiscard]] const T* operator->() const { return std::get_if<0>(&held_); }
  /// Precondition: not ok.
  [[nodiscard]] const Failure& failure() const { return *std::get_if<1>(&held_); }

 private:
  template <class Self>
  static auto& or_raise(Self& self) {
    if (!self.ok()) self.failure().raise();
    return *self;
  }

  std::variant<T, Failure> held_;
};

/// Success or a Failure.
template <>
class [[nodiscard]] Outcome<void> {
 public:
  Outcome() = default;
  Outcome(Failure failure) : failure_(std::move(failure)) {}

  [[nodiscard]] bool ok() const { return !failure_.has_value(); }
  explicit operator bool() const { return ok(); }
  /// Throws the failure if there is one.
  void value() const {
    if (failure_) failure_->raise();
  }
  /// Precondition: not ok.
  [[nodiscard]] const Failure& failure() const { return *failure_; }

 private:
  std::optional<Failure> failure_;
};

}  // namespace edgecore
