// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace edgecore::config {

/// The warning for a key of a v1alpha1 file, a later version or cloudcore.yaml, which is not in the v1alpha2
/// schema of v1.17 (protocol/06-config-cli-tasks.md §1.15, §1.16): a text that follows the key. nullopt for
/// any other key. Ignores case.
std::optional<std::string> foreign_key_remark(std::string_view path);

}  // namespace edgecore::config
