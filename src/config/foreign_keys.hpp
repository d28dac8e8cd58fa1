// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace edgecore::config {

/// What to tell about a key that is not in the v1alpha2 schema of v1.17 but that operators have good reason
/// to have in their file: keys of v1alpha1 files and of later versions (protocol/06-config-cli-tasks.md
/// §1.15, §1.16). The end of a sentence whose subject is the key; nullopt for a key nobody ever knew. Case
/// does not matter.
std::optional<std::string> foreign_key_remark(std::string_view path);

}  // namespace edgecore::config
