// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "edgecore/async/task_group.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/cri/grpc_health.hpp"
#include "edgecore/cri/processes.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edgecore/edged/edged.hpp"
#include "edged/events.hpp"
#include "edged/runtime/pod_cache.hpp"
#include "edged/runtime/runtime_state.hpp"

namespace edgecore::edged {

/// The container runtime as edged sees it: the client, whether the runtime is usable, and its sandboxes and
/// containers by pod. The first part of Edged to be made, so the last to be destroyed. Belongs to the
/// module's thread.
class RuntimeView {
 public:
  RuntimeView(const beehive::ModuleContext& context, const EdgedDeps& deps, PodEvents& pods,
              NodeEvents& node);
  RuntimeView(const RuntimeView&) = delete;
  RuntimeView& operator=(const RuntimeView&) = delete;

  void start(async::TaskGroup& tasks);

  [[nodiscard]] cri::Runtime& client() const { return *client_; }
  /// nullptr: gRPC probes give no verdict.
  [[nodiscard]] cri::GrpcHealthChecker* health() const { return health_.get(); }
  [[nodiscard]] const RuntimeState& state() const { return state_; }
  [[nodiscard]] PodCache& cache() { return cache_; }
  [[nodiscard]] const PodCache& cache() const { return cache_; }

 private:
  void state_changed();

  PodEvents& pods_;
  NodeEvents& node_;
  std::unique_ptr<cri::Runtime> client_;
  std::unique_ptr<cri::GrpcHealthChecker> health_;
  std::unique_ptr<cri::Processes> processes_;  ///< nullptr: the end of a container is found by listing
  PodCache cache_;
  RuntimeState state_;
};

}  // namespace edgecore::edged
