// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/kube/json.hpp"

/// How a Go agent v1.17 names the static pod of a file (protocol/05-edged.md §1.1). A node that changes from
/// that agent to this one keeps the containers of its static pods only if their pods keep their UIDs. Pure
/// functions.
namespace edgecore::edged {

/// Go's debugging text of the pod, which the UID is a digest of. `pod` is the manifest with its defaults
/// (kube::apply_pod_defaults). nullopt when the manifest holds what is not reproduced here: a status, times,
/// owners, quantities finer than a thousandth or such as "1.5Gi", volumes of legacy plugins.
std::optional<std::string> go_pod_text(const Json& pod);

/// The UID; nullopt as above.
std::optional<std::string> go_static_pod_uid(const Json& pod, const std::filesystem::path& file,
                                             std::string_view node_name);

}  // namespace edgecore::edged
