// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/status.hpp"

namespace edgecore::metaserver {

/// A refusal with the Status that the client gets. Api::handle() catches it and sends the Status.
class ApiError : public Error {
 public:
  explicit ApiError(kube::Status status) : Error(status.message), status_(std::move(status)) {}
  [[nodiscard]] const kube::Status& status() const noexcept { return status_; }

 private:
  kube::Status status_;
};

/// Refuses a request as the client's mistake.
[[noreturn]] inline void bad_request(std::string_view why) {
  throw ApiError(kube::Status::bad_request(why));
}

/// The Status of a failure of this node: 503 with a time to try again if the machine lacked something, such
/// as descriptors or memory, else 500.
[[nodiscard]] inline kube::Status failure_status(const Error& failure, std::string_view sentence) {
  if (!failure.by_environment()) return kube::Status::internal(sentence);
  kube::Status status = kube::Status::service_unavailable(sentence);
  status.details.retry_after_seconds = 1;
  return status;
}

/// Refuses a request that is not the client's to make.
[[noreturn]] inline void forbidden(std::string_view why) {
  kube::Status status;
  status.code = 403;
  status.reason = kube::reason::kForbidden;
  status.message = why;
  throw ApiError(std::move(status));
}

}  // namespace edgecore::metaserver
