// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "edgecore/config/feature_gates.hpp"
#include "edgecore/config/host.hpp"
#include "edgecore/config/model.hpp"

namespace edgecore::config {

/// Everything that the program needs from the configuration at the start.
struct Startup {
  EdgeCoreConfig config;
  FeatureGates gates;
  /// The configuration or bootstrap file contains a token: call clean_up_token once the node has its
  /// certificate.
  bool token_to_clean_up = false;
  std::vector<std::string> warnings;  ///< for the log, without secrets
};

/// Steps 3 to 8 and 11 of the start sequence (protocol/06-config-cli-tasks.md §2.2): reads the file over the
/// defaults, takes the token of the bootstrap file, validates, resolves gates, finds the address of
/// `customInterfaceName`. edged checks the kubelet's own rules (validate_kubelet). Throws Error (or BadInput)
/// with the text to show; the caller ends with status 1.
Startup read_configuration(const std::filesystem::path& config_path,
                           const std::filesystem::path& bootstrap_path, const Host& host);

}  // namespace edgecore::config
