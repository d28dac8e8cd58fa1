// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/config/model.hpp"

namespace edgecore::config {

/// The output of `edgecore --defaultconfig` for these settings: a comment of three lines, an empty line, the
/// YAML with sorted keys (scripts edit it by line; protocol/06-config-cli-tasks.md §1.3), two empty lines.
std::string default_config_text(const EdgeCoreConfig& config);

/// The output of `edgecore --minconfig`: without the fields that are rarely changed (§1.3b).
std::string min_config_text(const EdgeCoreConfig& config);

/// Only the YAML; loading it gives `config` again. Contains the secrets of `config`.
std::string to_yaml(const EdgeCoreConfig& config);

}  // namespace edgecore::config
