// SPDX-License-Identifier: Apache-2.0
#include "edgecore/cri/call_error.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace edgecore::cri {
namespace {

constexpr std::array<std::string_view, 17> kNames = {
    "OK",        "CANCELLED",       "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS",  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",    "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED",
};

std::string sentence(std::string_view method, Code code, const std::string& message) {
  std::string text = "the container runtime failed ";
  text.append(method).append(": ").append(code_name(code));
  if (!message.empty()) text.append(": ").append(message);
  return text;
}

}  // namespace

std::string_view code_name(Code code) {
  const auto number = static_cast<std::size_t>(code);
  return number < kNames.size() ? kNames[number] : "UNKNOWN";
}

Code code_of(int number) {
  return number >= 0 && static_cast<std::size_t>(number) < kNames.size() ? static_cast<Code>(number)
                                                                         : Code::kUnknown;
}

CallError::CallError(std::string_view method, Code code, std::string message)
    : Error(sentence(method, code, message)), method_(method), code_(code), message_(std::move(message)) {}

bool CallError::name_reserved() const noexcept {
  return message_.find("is reserved for") != std::string::npos;
}

}  // namespace edgecore::cri
