// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/kube/api_resources.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::metaserver {

/// The two versions of the format. They differ in the place of definitions and in the keys that may stand
/// beside a reference.
enum class OpenApi { kV2, kV3 };

/// "io.k8s.api.apps.v1.Deployment", "com.example.stable.v1.CronTab".
std::string definition_name(const kube::ApiResource& resource);

/// {"$ref": …} to a definition.
Json reference_to(OpenApi style, const std::string& definition);

/// {"group": …, "kind": …, "version": …}, as extensions have it.
Json type_of(const kube::ApiResource& resource);

/// The definition of a kind: its fields if all are known, else an open object.
Json kind_schema(OpenApi style, const kube::ApiResource& resource);

inline constexpr const char* kObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
Json metadata_schema();

}  // namespace edgecore::metaserver
