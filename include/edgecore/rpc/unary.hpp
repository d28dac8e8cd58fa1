// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/channel.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/status.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/rpc/flight.hpp"

/// Unary gRPC calls as awaitables. All calls take one generic path (bytes in, bytes out), so that gRPC's
/// templates are not instantiated for each rpc. Include it only in the .cpp files of rooms that use gRPC, not
/// in their headers.
namespace edgecore::rpc {

/// Arguments for a channel without optional features, which would cost memory and wake-ups.
grpc::ChannelArguments plain_channel_arguments();

/// The path of a unix socket written as "unix:///path", "unix:/path" or "/path". Throws BadInput for other
/// texts; `whose` is the start of the error ("the container runtime's endpoint").
std::string socket_path(const std::string& endpoint, std::string_view whose);

/// A call to be made.
struct Call {
  std::shared_ptr<CompletionLoop> loop;
  std::shared_ptr<grpc::Channel> channel;
  std::string path;  ///< "/package.Service/Method"
  grpc::ByteBuffer request;
  std::optional<std::chrono::milliseconds> limit;  ///< nullopt = none
  bool wait_for_ready = false;                     ///< keep trying to connect until the limit
};

/// The result of a call; `reply` is set if the status is ok.
struct Outcome {
  grpc::Status status;
  grpc::ByteBuffer reply;
};

/// Sends one request and waits for the reply, on the executor of the awaiting coroutine. Throws
/// boost::system::system_error(operation_aborted) if the wait was cancelled, and cancels the rpc. If the loop
/// is shut down, the status is CANCELLED.
boost::asio::awaitable<Outcome> ask(Call call);

grpc::ByteBuffer pack(const google::protobuf::MessageLite& message);
/// False if the bytes are not a message of that type.
[[nodiscard]] bool parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message);

}  // namespace edgecore::rpc
