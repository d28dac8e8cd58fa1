// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "edgecore/kube/json.hpp"

namespace edgecore::metamanager {

/// The ServiceAccount that a ServiceAccountAccess row carries, with the uid the policy controller notes
/// beside it (protocol/02-metamanager.md §3.14); nullopt while its spec is empty.
[[nodiscard]] std::optional<Json> service_account_of(const Json& access);

}  // namespace edgecore::metamanager
