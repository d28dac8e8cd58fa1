// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "edgecore/kube/status.hpp"
#include "metaserver/http/api_error.hpp"

/// How a test looks at a call that is refused.
namespace edgecore::metaserver {

/// The Status of the refusal; nullopt when the call was let through.
template <class Call>
std::optional<kube::Status> refusal_if_any(Call&& call) {
  try {
    call();
  } catch (const ApiError& error) {
    return error.status();
  }
  return std::nullopt;
}

/// The Status of the refusal that there has to be.
template <class Call>
kube::Status refusal(Call&& call) {
  auto status = refusal_if_any(call);
  if (!status) ADD_FAILURE() << "was not refused";
  return status.value_or(kube::Status{});
}

}  // namespace edgecore::metaserver
