// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace edgecore::rpc {

/// Redirects the output of gRPC and protobuf on standard error to the logger "grpc" at level debug. Errors
/// that matter come back as the status of a call, and a peer could fill the log with the rest. Affects the
/// whole process; any thread, any number of times.
void take_over_log();

}  // namespace edgecore::rpc
