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
};

/// Invalid input from outside (cloud, file, client, runtime). Must never stop a module.
class BadInput : public Error {
 public:
  using Error::Error;
};

/// An Error from an errno value: "<what>: <strerror>".
class SystemError : public Error {
 public:
  SystemError(const std::string& what, int errno_value);
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

}  // namespace edgecore
