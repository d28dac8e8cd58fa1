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

/// Unary gRPC calls as awaitables. All calls take one generic path (bytes in, bytes out): many rpcs do not
/// need as many instances of gRPC's templates. For the .cpp files of rooms that speak gRPC; their own headers
/// do not include it.
namespace edgecore::rpc {

/// For a channel with everything optional off: what gRPC does not do costs no memory and no wake-ups.
grpc::ChannelArguments plain_channel_arguments();

/// The path of a unix socket written as "unix:///path", "unix:/path" or "/path". Throws BadInput for others;
/// `whose` begins its sentence ("the container runtime's endpoint").
std::string socket_path(const std::string& endpoint, std::string_view whose);

/// One call on its way out.
struct Call {
  std::shared_ptr<CompletionLoop> loop;
  std::shared_ptr<grpc::Channel> channel;
  std::string path;  ///< "/package.Service/Method"
  grpc::ByteBuffer request;
  std::optional<std::chrono::milliseconds> limit;  ///< nullopt = none
  bool wait_for_ready = false;                     ///< keep trying to connect until the limit
};

/// How it ended; `reply` is there when the status is ok.
struct Outcome {
  grpc::Status status;
  grpc::ByteBuffer reply;
};

/// Sends one request and waits for the reply, on the executor of the awaiting coroutine. nullopt: the wait
/// was cancelled, and the rpc with it. A loop that was or is shut down ends the call with status CANCELLED.
boost::asio::awaitable<std::optional<Outcome>> ask(Call call);

grpc::ByteBuffer pack(const google::protobuf::MessageLite& message);
/// False when the bytes are not that message.
[[nodiscard]] bool parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message);

}  // namespace edgecore::rpc
