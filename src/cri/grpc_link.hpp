#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>
#include <string>
#include <string_view>

#include "cri/grpc_flight.hpp"
#include "edgecore/cri/runtime.hpp"

namespace edgecore::cri {

/// For a channel with everything optional off: what gRPC does not do costs no memory and no wake-ups.
grpc::ChannelArguments plain_channel_arguments();

/// A channel to one endpoint, and what a call on it needs. Shared by the Runtime and its event streams. All
/// calls take one generic path (bytes in, bytes out): thirty rpcs do not need thirty instances of gRPC's
/// templates.
struct Link {
  Link(const std::string& target, std::shared_ptr<CompletionLoop> completion_loop);

  std::shared_ptr<CompletionLoop> loop;
  std::shared_ptr<grpc::Channel> channel;
  grpc::GenericStub stub;
};

/// gRPC's name of an endpoint: "unix:<absolute path>" for "unix:///path" and "/path". Throws BadInput for
/// others.
std::string socket_target(const std::string& endpoint);

/// One rpc: its service ("RuntimeService"), its bare name, its limit.
struct Rpc {
  const char* service;
  const char* method;
  Deadlines::Limit limit;
  [[nodiscard]] std::string path() const;  // "/runtime.v1.RuntimeService/Version"
};

/// Sends one request and waits for the reply. Throws CallError.
Awaitable<grpc::ByteBuffer> ask(std::shared_ptr<Link> link, Rpc rpc, grpc::ByteBuffer request);

grpc::ByteBuffer pack(const google::protobuf::MessageLite& message);
/// False when the bytes are not that message.
[[nodiscard]] bool parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message);
/// The same of a reply of the runtime. Throws CallError (Internal) when it is not that message.
void unpack(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message, std::string_view method);

std::unique_ptr<EventStream> open_event_stream(std::shared_ptr<Link> link);

}  // namespace edgecore::cri
