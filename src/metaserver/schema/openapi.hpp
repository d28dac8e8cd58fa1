// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/kube/api_resources.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::metaserver {

// The OpenAPI documents of the resources that discovery offers. A kind has its top-level fields if all of
// them are known; their contents are open, so that no client refuses a valid object. Kinds of CRDs have the
// CRD's schema. Strategic merge patches are accepted but not offered: a client would compute them with the
// merge keys of these documents, and those of nested fields are missing.
//
// The documents depend only on the resources; the caller may keep them until `resources.revision()` changes.

/// The document of the path /openapi/v2.
Json openapi_v2(const kube::ApiResources& resources);

/// openapi_v2() as gnostic's openapi.v2.Document (proto/openapi_v2.proto), for kubectl up to 1.2x.
std::string openapi_v2_proto(const Json& document);

/// The document of a path /openapi/v3 (an index), /openapi/v3/api/v1 or /openapi/v3/apis/<group>/<version>.
/// Throws ApiError (404) for any other.
Json openapi_v3(const kube::ApiResources& resources, std::string_view path);

}  // namespace edgecore::metaserver
