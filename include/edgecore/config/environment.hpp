// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "edgecore/config/model.hpp"

namespace edgecore::config {

/// The variable that switches the check off when it is exactly "false".
inline constexpr const char* kCheckEnvironmentVariable = "CHECK_EDGECORE_ENVIRONMENT";

/// Whether edgecore may share this machine with what runs on it (protocol/06-config-cli-tasks.md §2.4): a
/// sentence when a process named kubelet or kube-proxy is there, else nullopt. Not looked at when MetaServer
/// is enabled or `variable`, the value of CHECK_EDGECORE_ENVIRONMENT, is exactly "false".
std::optional<std::string> environment_conflict(const EdgeCoreConfig& config,
                                                const std::optional<std::string>& variable,
                                                const std::filesystem::path& proc = "/proc");

}  // namespace edgecore::config
