// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "edgecore/config/model.hpp"

namespace edgecore::config {

/// One thing that is wrong with a configuration: where, and a sentence about it.
struct Violation {
  std::string field;  ///< full path as in the file, such as "modules.edgeHub.messageQPS"
  std::string text;
};

struct Findings {
  std::vector<Violation> errors;    ///< edgecore (or edged) does not start
  std::vector<Violation> warnings;  ///< it starts, the operator should know
};

/// What has to hold before anything starts (protocol/06-config-cli-tasks.md §1.13). Modules that are not
/// enabled are not looked at. Makes the database's parent directory when it is missing, as the Go agent does.
/// Reports everything it finds; never echoes secrets.
Findings validate(const EdgeCoreConfig& config);

/// What has to hold before edged starts (§1.6 "Kubelet-level validation"): with errors edged is not started,
/// the other modules are.
Findings validate_kubelet(const Edged& edged);

/// "[", one "  <field>: <text>" a line, "]": how the errors are shown before the program ends with status 1.
std::string format_errors(const std::vector<Violation>& errors);

}  // namespace edgecore::config
