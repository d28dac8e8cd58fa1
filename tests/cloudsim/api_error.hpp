// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/base/error.hpp"
#include "edgecore/kube/status.hpp"

namespace edgecore::cloudsim {

/// A refusal of the cluster's API, with the Status a client gets.
class ApiError : public Error {
 public:
  explicit ApiError(kube::Status status) : Error(status.message), status_(std::move(status)) {}
  [[nodiscard]] const kube::Status& status() const noexcept { return status_; }

 private:
  kube::Status status_;
};

}  // namespace edgecore::cloudsim
