// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace edgecore::rpc {

/// What gRPC and protobuf write to standard error of their own accord goes to the logger "grpc" instead, at
/// level debug: what matters of it comes back as the status of a call, and a peer could fill the log with the
/// rest. For all of the process; any thread, any number of times.
void take_over_log();

}  // namespace edgecore::rpc
