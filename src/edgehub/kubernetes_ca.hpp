// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <string>

#include "edgecore/beehive/module.hpp"

namespace edgecore::edgehub {

/// Asks the cloud for the cluster's CA (`k8s/ca.crt`, protocol/02-metamanager.md §3.13) and keeps it in
/// `file` (0644, written only if it changed). True if the file holds the cloud's CA. False, with a log line,
/// if there was no usable answer: the file stays as it was.
boost::asio::awaitable<bool> fetch_kubernetes_ca(beehive::ModuleContext& context, std::filesystem::path file);

}  // namespace edgecore::edgehub
