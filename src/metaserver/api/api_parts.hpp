// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "edgecore/async/directory_watch.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/kube/api_resources.hpp"
#include "edgecore/metaserver/metaserver.hpp"
#include "metaserver/access/access_rules.hpp"
#include "metaserver/access/audit.hpp"
#include "metaserver/access/authentication.hpp"
#include "metaserver/access/rate_limit.hpp"
#include "metaserver/cache/object_cache.hpp"
#include "metaserver/cache/scopes.hpp"

namespace edgecore::metaserver {

class OfflineWrites;
class Metrics;

/// The parts of the module that requests use. The module owns them; they outlive the Api.
struct ApiParts {
  beehive::ModuleContext& context;
  const Clock& trusted;  ///< the time for verifying certificates and tokens
  async::TaskGroup& tasks;
  const MetaServerOptions& options;
  store::Store& store;
  const store::Reader& reader;
  kube::ApiResources& resources;
  ObjectCache& cache;
  CloudCalls& cloud;
  Scopes& scopes;
  const AccessRules* rules;              ///< null with the gate off
  TokenAuthenticator* authenticator;     ///< null with the gate off
  std::function<void()> look_at_tokens;  ///< reads the stored tokens again, before a full check
  ClientLimits& limits;
  DenialLog& denials;
  OfflineWrites& offline_writes;
  Metrics& metrics;
  async::DirectoryWatches& directory_watches;
  const std::function<std::vector<ModuleHealth>()>& modules;  ///< may be empty
};

}  // namespace edgecore::metaserver
