// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/net/headers.hpp"

namespace edgecore::metaserver {

/// Throws ApiError (403) if the client wants to act as another user (`kubectl --as`): it would act as itself
/// without noticing.
void refuse_impersonation(const net::Headers& headers);

}  // namespace edgecore::metaserver
