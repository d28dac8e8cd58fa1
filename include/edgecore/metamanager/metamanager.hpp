// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "edgecore/beehive/module.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::metamanager {

/// Times and limits of the module that edgecore.yaml does not set. Steady clock.
struct MetaManagerTuning {
  /// How long a reader waits for the cloud if there is a local copy of unknown age.
  std::chrono::milliseconds local_copy_patience{1000};
  /// Between the checks of a pod which the cloud says does not exist, before it is removed here.
  std::chrono::milliseconds gone_pod_recheck{10000};
  /// Timeout of one page of the list that refills a lost database, and the first pause after a failure.
  std::chrono::milliseconds resync_timeout{10000};
  std::chrono::milliseconds resync_pause{10000};
  /// Timeout of requests about this node's Node and Lease, if it is less than `remoteQueryTimeout`: edged
  /// asks again after 10 s, and must not join a request whose answer was lost.
  std::chrono::milliseconds node_answer{9000};
  /// Requests of this node's modules that are served at one time; more are refused with TooManyRequests.
  std::size_t max_requests = 256;
};

struct MetaManagerDeps {
  store::Store& store;  ///< outlives the module
  std::string node_name;
  config::MetaManager config;
  MetaManagerTuning tuning = {};
};

/// The factory of module `metamanager` (group `meta`): the node's copy of the cloud's objects. It stores and
/// acknowledges the cloud's pushes and hands them to edged and the device module; it answers and forwards
/// edged's requests (docs/messages.md, protocol/02-metamanager.md).
///
/// Guarantees:
/// - An ack leaves after the commit; what is handed on is on disk.
/// - The cloud never holds up the mailbox: each request runs in a task, and equal requests share one.
/// - A request is answered at once from a current local copy. A copy of unknown age (first use after a
///   connection began) is checked with the cloud first, for `local_copy_patience` at most.
/// - A busy metaserver holds up neither edged nor the cloud.
/// - The Node's heartbeats and the Lease are kept in memory only.
beehive::ModuleFactory make_metamanager(MetaManagerDeps deps);

}  // namespace edgecore::metamanager
