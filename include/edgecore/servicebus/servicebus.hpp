// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

#include "edgecore/beehive/module.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::servicebus {

/// Times and limits of the module that are not in edgecore.yaml. Steady clock.
struct ServiceBusTuning {
  /// Time limit of one call of a service on this node, redirects included (protocol/04-devices.md §5.5).
  std::chrono::milliseconds call_timeout{10000};
  /// A call that has waited this long is dropped: its caller gives up soon.
  std::chrono::milliseconds call_patience{30000};
  /// Limits of concurrent calls, in total and per port: a slow service delays only its own callers.
  std::size_t calls = 64;
  std::size_t calls_per_port = 16;
  /// Limit of waiting calls; more are refused with 503.
  std::size_t waiting_calls = 1024;
  /// Memory limit of requests and answers of all calls, waiting or running.
  std::size_t call_bytes = 48U << 20U;
  /// Limit of connections of programs on this node.
  std::size_t connections = 256;
  /// Time left for a program's call when the last URL is removed from the table (§5.1).
  std::chrono::milliseconds stop_grace{5000};
  /// Back-off of listening and of writing to a database that refuses: from first to longest.
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
///   127.0.0.1. Each is answered with an `upload` whose parent id is the call's id, also if it fails.
/// - servicebus → rest: `start` and `stop` add and remove the URLs that programs on this node may call in the
///   cloud. While there is one, an HTTP server at `server`:`port` takes their calls. A URL is served while
///   its row is in table `target_urls`.
/// - Other messages (connection notices, messages for EventBus) are ignored.
beehive::ModuleFactory make_servicebus(ServiceBusDeps deps);

}  // namespace edgecore::servicebus
