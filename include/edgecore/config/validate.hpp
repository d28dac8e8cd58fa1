// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "edgecore/config/model.hpp"

namespace edgecore::config {

/// A fault of a configuration: its key and a text that follows the key.
struct Violation {
  std::string field;  ///< full path as in the file, such as "modules.edgeHub.messageQPS"
  std::string text;
};

struct Findings {
  std::vector<Violation> errors;    ///< edgecore (or edged) does not start
  std::vector<Violation> warnings;  ///< it starts, but the operator should know
};

/// Checks the configuration before the start (protocol/06-config-cli-tasks.md §1.13). Skips modules that are
/// not enabled. Creates the database's parent directory if it is missing, as the Go agent does. Reports all
/// faults; never echoes secrets.
Findings validate(const EdgeCoreConfig& config);

/// Checks the configuration before edged starts (§1.6 "Kubelet-level validation"): with errors only edged is
/// not started.
Findings validate_kubelet(const Edged& edged);

/// "[", one " <field>: <text>" a line, "]": the format of the errors before the program ends with status 1.
std::string format_errors(const std::vector<Violation>& errors);

}  // namespace edgecore::config
