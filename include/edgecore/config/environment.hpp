// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

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

/// Variables of the unit with the API's address for containers, as the Go agent reads them.
inline constexpr const char* kApiHostVariable = "METASERVER_DUMMY_IP";
inline constexpr const char* kApiPortVariable = "METASERVER_DUMMY_PORT";

/// Where containers look for the API: KUBERNETES_SERVICE_HOST and _PORT. Both empty if they are told nothing.
struct ApiAddress {
  std::string host, port;
  bool operator==(const ApiAddress&) const = default;
};

/// `dummy_server` is MetaServer's second address, if it serves pods; the Go agent's MetaServer overwrites the
/// variables with it. Otherwise the variables count. Appends to `warnings` what the operator should know.
ApiAddress api_address(const std::optional<std::string>& dummy_server, const ApiAddress& variables,
                       std::vector<std::string>& warnings);

}  // namespace edgecore::config
