// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace edgecore {

/// A failure that the caller usually cannot handle; caught at the edge of a module or of `main`. The text is
/// for a person: what failed, on what, and if it helps, what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  /// The machine lacked something, so the same may succeed later.
  [[nodiscard]] virtual bool by_environment() const noexcept { return false; }
};

/// Invalid input from outside (cloud, file, client, runtime). Must never stop a module.
class BadInput : public Error {
 public:
  using Error::Error;
};

/// Whether an errno value says that the machine lacks memory, threads, descriptors or a working disk.
[[nodiscard]] bool is_shortage(int errno_value) noexcept;

/// An Error from an errno value: "<what>: <strerror>".
class SystemError : public Error {
 public:
  SystemError(const std::string& what, int errno_value);
  [[nodiscard]] int code() const noexcept { return code_; }
  [[nodiscard]] bool by_environment() const noexcept override { return is_shortage(code_); }

 private:
  int code_;
};

}  // namespace edgecore
