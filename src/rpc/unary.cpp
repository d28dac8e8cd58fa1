// SPDX-License-Identifier: Apache-2.0
#include "edgecore/rpc/unary.hpp"

#include <grpcpp/generic/generic_stub.h>
#include <spdlog/fmt/fmt.h>

#include <boost/asio/this_coro.hpp>
#include <limits>

#include "edgecore/base/error.hpp"

namespace edgecore::rpc {
grpc::ChannelArguments plain_channel_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, std::numeric_limits<int>::max());
  return arguments;
}

std::string socket_path(const std::string& endpoint, std::string_view whose) {
  std::string_view path = endpoint;
  for (const std::string_view scheme : {"unix://", "unix:"})
    if (path.starts_with(scheme)) {
      path.remove_prefix(scheme.size());
      break;
    }
  if (!path.starts_with('/'))
    throw BadInput(
        fmt::format("{} \"{}\" is not a unix socket; write it as unix:///path/of/the.sock", whose, endpoint));
  return std::string(path);
}

boost::asio::awaitable<Outcome> ask(Call call) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Ticket ticket(executor);
  if (call.limit) ticket->context.set_deadline(std::chrono::system_clock::now() + *call.limit);
  if (call.wait_for_ready) ticket->context.set_wait_for_ready(true);
  Flight* const flight = ticket.operator->();
  const std::function<void(void*)> send = [flight, &call](void* tag) {
    grpc::GenericStub stub(call.channel);
    flight->unary = stub.PrepareUnaryCall(&flight->context, call.path, call.request, call.loop->queue());
    flight->unary->StartCall();
    flight->unary->Finish(&flight->reply, &flight->status, tag);
  };
  Outcome outcome;
  if (!ticket.begin(*call.loop, send)) {
    outcome.status = grpc::Status(grpc::StatusCode::CANCELLED, "the connection was shut down");
    co_return outcome;
  }
  call.loop.reset();  // so that its owner can be destroyed during the wait
  co_await ticket.landed();
  outcome.status = flight->status;
  outcome.reply = flight->reply;
  co_return outcome;
}

grpc::ByteBuffer pack(const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

bool parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message) {
  grpc::Slice slice;
  return bytes.DumpToSingleSlice(&slice).ok() &&
         message.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

}  // namespace edgecore::rpc
