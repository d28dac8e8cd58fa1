// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/kube/json.hpp"

/// The UID that a Go agent v1.17 gives the static pod of a file (protocol/05-edged.md §1.1). A node that
/// changes from that agent to this one keeps the containers of its static pods only if their pods keep their
/// UIDs. Pure functions.
namespace edgecore::edged {

/// Go's debugging text of the pod; the UID is its digest. `pod` is the manifest with its defaults
/// (kube::apply_pod_defaults). nullopt if the manifest holds something that is not reproduced here: a status,
/// times, owners, quantities finer than a thousandth or such as "1.5Gi", volumes of legacy plugins.
std::optional<std::string> go_pod_text(const Json& pod);

/// The UID; nullopt like go_pod_text.
std::optional<std::string> go_static_pod_uid(const Json& pod, const std::filesystem::path& file,
                                             std::string_view node_name);

}  // namespace edgecore::edged
