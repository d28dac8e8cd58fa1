// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace edgecore {

/// What a caller cannot be expected to go on from; caught at the edge of a module or of `main`. The text is a
/// sentence for a person: what failed, on what, and where it helps, what to do about it.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Input from outside (cloud, file, client, runtime) that is not what it has to be. Never a reason to stop a
/// module.
class BadInput : public Error {
 public:
  using Error::Error;
};

/// `Error` made of an errno value: "<what>: <strerror>".
class SystemError : public Error {
 public:
  SystemError(const std::string& what, int errno_value);
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

}  // namespace edgecore
