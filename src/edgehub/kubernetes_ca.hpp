// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <string>

#include "edgecore/beehive/module.hpp"

namespace edgecore::edgehub {

/// Whether `content` may replace the stored Kubernetes CA: PEM with at least one certificate. Otherwise a
/// clause that says what is wrong: CloudCore answers an empty string when its kubeconfig embeds the CA
/// (protocol/07-observed.md).
std::string flaw_of_kubernetes_ca(const nlohmann::json& content);

/// Asks the cloud for the cluster's CA (`k8s/ca.crt`, protocol/02-metamanager.md §3.13) and keeps it in
/// `file` (0644, written only when it changed). Returns true when the file now holds what the cloud has;
/// false with a line in the log when there was no usable answer: the old file stays.
boost::asio::awaitable<bool> fetch_kubernetes_ca(beehive::ModuleContext& context, std::filesystem::path file);

}  // namespace edgecore::edgehub
