// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "edgecore/kube/json.hpp"

/// The patch sent to the cloud when a pod's status has changed (protocol/05-edged.md §1.11.5). Pure
/// functions.
namespace edgecore::edged {

/// Strategic merge patch from `old_status` (of the API, or last sent; may be null) to `new_status`:
/// conditions by type, podIPs by ip, container statuses whole, metadata.uid always. nullopt if nothing
/// relevant differs: of a condition only status, reason and message count. Members that edged does not own
/// are left alone.
std::optional<Json> make_status_patch(const std::string& uid, const Json& old_status, const Json& new_status);

}  // namespace edgecore::edged
