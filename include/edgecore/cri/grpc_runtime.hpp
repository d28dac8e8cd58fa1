// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "edgecore/cri/runtime.hpp"

namespace edgecore::cri {

/// The runtime's endpoints and time limits.
struct GrpcRuntimeOptions {
  /// "unix:///run/containerd/containerd.sock", or an absolute path.
  std::string runtime_endpoint;
  /// "" = the runtime's endpoint.
  std::string image_endpoint;
  Deadlines deadlines;
};

/// The container runtime over gRPC on its unix socket (cmake target edgecore_cri_grpc, which programs built
/// without EDGECORE_WITH_GRPC do not have). Connects with the first call. While nobody listens, calls fail
/// with Unavailable at once instead of waiting for their deadline; a runtime that comes back is found within
/// 2 s. One thread waits for completions and sleeps when there are none; gRPC adds a few of its own. Throws
/// BadInput if an endpoint is not a unix socket.
std::unique_ptr<Runtime> make_grpc_runtime(const GrpcRuntimeOptions& options);

}  // namespace edgecore::cri
