// SPDX-License-Identifier: Apache-2.0
#include "cri/grpc_link.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

namespace edgecore::cri {
namespace {

constexpr int kMaxMessageBytes = 16 * 1024 * 1024;  // protocol/05-edged.md §4.1
constexpr int kFirstRuntimeReconnectMillis = 100;
constexpr int kLastRuntimeReconnectMillis = 2000;

grpc::ChannelArguments channel_arguments() {
  grpc::ChannelArguments arguments = rpc::plain_channel_arguments();
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstRuntimeReconnectMillis);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kFirstRuntimeReconnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastRuntimeReconnectMillis);
  return arguments;
}

}  // namespace

Link::Link(const std::string& target, std::shared_ptr<rpc::CompletionLoop> completion_loop)
    : loop(std::move(completion_loop)),
      channel(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), channel_arguments())),
      stub(channel) {}

std::string runtime_target(const std::string& endpoint) {
  return "unix:" + rpc::socket_path(endpoint, "the container runtime's endpoint");
}

std::string Rpc::path() const {
  return std::string("/runtime.v1.") + service + "/" + method;
}

void fail(std::string_view method, const grpc::Status& status) {
  throw CallError(method, code_of(static_cast<int>(status.error_code())), status.error_message());
}

void unpack(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message, std::string_view method) {
  if (!rpc::parse(bytes, message))
    throw CallError(method, Code::kInternal, "the runtime's reply is not a valid message");
}

Awaitable<grpc::ByteBuffer> ask(std::shared_ptr<Link> link, Rpc called, grpc::ByteBuffer request) {
  rpc::Call call;
  call.loop = link->loop;
  call.channel = link->channel;
  call.path = called.path();
  call.request = std::move(request);
  call.limit = called.limit;
  link.reset();  // the Runtime may be destroyed while this waits
  const auto outcome = co_await rpc::ask(std::move(call));
  if (!outcome.status.ok()) fail(called.method, outcome.status);
  co_return outcome.reply;
}

}  // namespace edgecore::cri
