// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "edgecore/beehive/module.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::metaserver {

struct MetaServerOptions {
  config::MetaServer config;
  std::string node_name;
  /// Gate requireAuthorization: HTTPS on both listeners, tokens and RBAC. Off: HTTP on `config.server` for
  /// everybody.
  bool require_authorization = false;
  std::filesystem::path pki =
      "/etc/kubeedge/pki/metaserver";  ///< the cluster's CA, serving certificates and keys
  std::filesystem::path node_ca =
      "/etc/kubeedge/ca/rootCA.crt";  ///< who signs the certificates of local operators
  std::filesystem::path pod_logs = "/var/log/pods";
  std::string agent_version;
};

/// Whether an enabled module runs, for /readyz.
struct ModuleHealth {
  std::string name;
  std::string problem;  ///< "" while it runs; no word of what a module was doing, because pods may read it
};

struct MetaServerDeps {
  store::Store& store;  ///< outlives the module
  /// The enabled modules of this node. Called on the module's thread for each question; empty: none is known.
  std::function<std::vector<ModuleHealth>()> modules = {};
};

/// The factory of module `metaserver` (group `meta`): the Kubernetes API on the node (docs/metaserver.md).
beehive::ModuleFactory make_metaserver(MetaServerOptions options, MetaServerDeps deps);

}  // namespace edgecore::metaserver
