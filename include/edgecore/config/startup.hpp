// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "edgecore/config/feature_gates.hpp"
#include "edgecore/config/host.hpp"
#include "edgecore/config/model.hpp"

namespace edgecore::config {

/// All that the rest of the program needs to know from the configuration at start.
struct Startup {
  EdgeCoreConfig config;
  FeatureGates gates;
  /// A token was found in the configuration or bootstrap file: call clean_up_token once the certificate is
  /// there.
  bool token_to_clean_up = false;
  std::vector<std::string> warnings;  ///< sentences for the log, without secrets
};

/// Steps 3 to 8 and 11 of the start sequence (protocol/06-config-cli-tasks.md §2.2): reads the file over the
/// defaults, takes the token of the bootstrap file, validates, resolves gates, finds the address of
/// `customInterfaceName`. The kubelet's own rules (validate_kubelet) are edged's business. Throws Error (or
/// BadInput) with the text to show; the caller ends with status 1.
Startup read_configuration(const std::filesystem::path& config_path,
                           const std::filesystem::path& bootstrap_path, const Host& host);

}  // namespace edgecore::config
