// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "edgecore/config/model.hpp"

namespace edgecore::config {

/// The variable that turns the check off if it is exactly "false".
inline constexpr const char* kCheckEnvironmentVariable = "CHECK_EDGECORE_ENVIRONMENT";

/// Checks that no process named kubelet or kube-proxy runs on this machine (protocol/06-config-cli-tasks.md
/// §2.4): returns an error text or nullopt. Skips the check if MetaServer is enabled or `variable`, the value
/// of CHECK_EDGECORE_ENVIRONMENT, is exactly "false".
std::optional<std::string> environment_conflict(const EdgeCoreConfig& config,
                                                const std::optional<std::string>& variable,
                                                const std::filesystem::path& proc = "/proc");

}  // namespace edgecore::config
