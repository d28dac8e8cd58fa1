// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace edgecore::metaserver {

/// The API groups of the reviews.
inline constexpr std::string_view kAuthorizationGroup = "authorization.k8s.io";
inline constexpr std::string_view kAuthenticationGroup = "authentication.k8s.io";

}  // namespace edgecore::metaserver
