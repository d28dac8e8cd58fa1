// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/base/error.hpp"

namespace edgecore::cri {

/// The status codes of gRPC, with its numbers.
enum class Code {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

/// The name gRPC's documents use, e.g. "NOT_FOUND"; "UNKNOWN" for a number outside the list.
std::string_view code_name(Code code);

/// The code of that number; Unknown for a number outside the list.
Code code_of(int number);

/// A CRI call that did not succeed: refused by the runtime, or never answered. `what()` is a sentence for
/// logs and events ("the container runtime failed StartContainer: NOT_FOUND: …"); `message()` is the
/// runtime's own text, which edged puts into pod statuses. The runtime's text is from outside: quote it
/// before it goes into a log line alone.
class CallError : public Error {
 public:
  /// `method` is the rpc's bare name, e.g. "StartContainer".
  CallError(std::string_view method, Code code, std::string message);

  [[nodiscard]] Code code() const noexcept { return code_; }
  [[nodiscard]] const std::string& method() const noexcept { return method_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

  /// The object is gone, or never was.
  [[nodiscard]] bool not_found() const noexcept { return code_ == Code::kNotFound; }
  /// Nobody listens, or the connection broke: the outcome of the call is unknown.
  [[nodiscard]] bool unavailable() const noexcept { return code_ == Code::kUnavailable; }
  /// The runtime does not know this rpc (containerd 1.6 and GetContainerEvents): fall back.
  [[nodiscard]] bool unimplemented() const noexcept { return code_ == Code::kUnimplemented; }
  [[nodiscard]] bool deadline_exceeded() const noexcept { return code_ == Code::kDeadlineExceeded; }
  /// RunPodSandbox, CreateContainer: the name and attempt belong to an object that is there or is just being
  /// made, perhaps for a caller that is gone. containerd and CRI-O have no code for it, only a sentence.
  [[nodiscard]] bool name_reserved() const noexcept;

 private:
  std::string method_;
  Code code_;
  std::string message_;
};

}  // namespace edgecore::cri
