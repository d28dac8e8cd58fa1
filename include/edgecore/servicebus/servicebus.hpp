// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

#include "edgecore/beehive/module.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::servicebus {

/// Times and limits of the module that are no settings of edgecore.yaml. Steady clock.
struct ServiceBusTuning {
  /// For one call of a service on this node, redirects included (protocol/04-devices.md §5.5).
  std::chrono::milliseconds call_timeout{10000};
  /// A call that has waited this long for its turn is not made any more: who asked has given up soon.
  std::chrono::milliseconds call_patience{30000};
  /// Calls under way at one time, and those of them to one port: a service that is slow keeps its own callers
  /// waiting and nobody else.
  std::size_t calls = 64;
  std::size_t calls_per_port = 16;
  /// Calls that wait for their turn; more are refused with 503.
  std::size_t waiting_calls = 1024;
  /// What all of them, waiting or under way, hold in requests and answers.
  std::size_t call_bytes = 48U << 20U;
  /// Connections of programs on this node that want something of the cloud.
  std::size_t connections = 256;
  /// What a program's call may still take when the last URL is taken off the table (§5.1).
  std::chrono::milliseconds stop_grace{5000};
  /// Between attempts to listen, and to write to a database that refuses: doubled up to the second.
  std::chrono::milliseconds first_pause{1000};
  std::chrono::milliseconds longest_pause{30000};
};

struct ServiceBusDeps {
  store::Store& store;  ///< outlives the module
  config::ServiceBus config;
  ServiceBusTuning tuning = {};
};

/// The factory of module `servicebus` (group `bus`): HTTP between the cloud's rules and this node
/// (protocol/04-devices.md §5, docs/messages.md).
///
/// - rest → servicebus: the cloud's messages of source `router_servicebus` are calls of services on
/// 127.0.0.1.
///   Each is answered with an `upload` whose parent id is the call's id, also when it fails.
/// - servicebus → rest: `start` and `stop` say which URLs programs on this node may ask the cloud for. While
///   there is one, an HTTP server at `server`:`port` takes their calls. A URL is served once its row is in
///   table `target_urls`, and as long as it is there.
/// - Whatever else comes (connection notices, messages for EventBus) is passed over.
beehive::ModuleFactory make_servicebus(ServiceBusDeps deps);

}  // namespace edgecore::servicebus
