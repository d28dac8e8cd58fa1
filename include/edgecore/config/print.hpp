// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/config/model.hpp"

namespace edgecore::config {

/// What `edgecore --defaultconfig` prints for these settings: a comment of three lines, an empty line, the
/// YAML with sorted keys (scripts edit it by line; protocol/06-config-cli-tasks.md §1.3), two empty lines.
std::string default_config_text(const EdgeCoreConfig& config);

/// What `edgecore --minconfig` prints: the same without the fields that are rarely changed (§1.3b).
std::string min_config_text(const EdgeCoreConfig& config);

/// The YAML alone; reading it gives `config` again. Contains the secrets of `config`.
std::string to_yaml(const EdgeCoreConfig& config);

}  // namespace edgecore::config
