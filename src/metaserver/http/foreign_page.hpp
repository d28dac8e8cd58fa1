// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "edgecore/net/headers.hpp"

namespace edgecore::metaserver {

/// With the gate off whoever reaches the listener may do everything, also the page of a web site in a browser
/// on this machine: under a name of its own that it makes resolve to this address (DNS rebinding), or by a
/// request across sites. Throws ApiError (403) for both: Host has to be an address, or a name by which the
/// node's API is known, and Origin has to be the same. Clients other than browsers send neither Origin nor
/// Sec-Fetch-Site.
void refuse_foreign_page(const net::Headers& headers, std::string_view node_name);

/// Throws ApiError (403) if the client wants to act as another user (`kubectl --as`): it would act as itself
/// without noticing.
void refuse_impersonation(const net::Headers& headers);

}  // namespace edgecore::metaserver
