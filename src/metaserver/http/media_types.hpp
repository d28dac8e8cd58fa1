// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// The media types of bodies and answers, without parameters.
namespace edgecore::metaserver {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kYamlType = "application/yaml";

inline constexpr std::string_view kJsonPatchType = "application/json-patch+json";
inline constexpr std::string_view kMergePatchType = "application/merge-patch+json";
inline constexpr std::string_view kStrategicMergePatchType = "application/strategic-merge-patch+json";
inline constexpr std::string_view kApplyPatchType = "application/apply-patch+yaml";

}  // namespace edgecore::metaserver
