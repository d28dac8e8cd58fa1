// SPDX-License-Identifier: Apache-2.0
#include "cri/grpc_link.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <boost/asio/this_coro.hpp>

#include "cri/convert.hpp"

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

[[noreturn]] void fail(const Rpc& rpc, const grpc::Status& status) {
  throw CallError(rpc.method, code_of(static_cast<int>(status.error_code())), status.error_message());
}

constexpr Rpc kEvents{"RuntimeService", "GetContainerEvents", std::nullopt};

class GrpcEventStream final : public EventStream {
 public:
  explicit GrpcEventStream(std::shared_ptr<Link> link) : link_(std::move(link)) {}

  Awaitable<std::optional<ContainerEvent>> next() override {
    if (ended_) throw CallError(kEvents.method, Code::kFailedPrecondition, "the event stream has ended");
    ended_ = true;  // unless an event comes
    if (!ticket_) co_await open();
    rpc::Flight* const flight = ticket_->operator->();
    const std::function<void(void*)> read_one = [flight](void* tag) {
      flight->stream->Read(&flight->reply, tag);
    };
    const bool more = co_await step(read_one);
    if (!more) {
      const std::function<void(void*)> finish = [flight](void* tag) {
        flight->stream->Finish(&flight->status, tag);
      };
      co_await step(finish);
      if (!flight->status.ok()) fail(kEvents, flight->status);
      co_return std::nullopt;
    }
    v1::ContainerEventResponse response;
    unpack(flight->reply, response, kEvents.method);
    ended_ = false;
    co_return read(response);
  }

 private:
  /// Sends the request. What goes wrong is told by the Read and Finish that follow in any case.
  Awaitable<void> open() {
    const auto executor = co_await boost::asio::this_coro::executor;
    ticket_.emplace(executor);
    rpc::Flight* const flight = ticket_->operator->();
    flight->stream = link_->stub.PrepareCall(&flight->context, kEvents.path(), link_->loop->queue());
    const std::function<void(void*)> start = [flight](void* tag) { flight->stream->StartCall(tag); };
    co_await step(start);
    const auto request = rpc::pack(v1::GetEventsRequest());
    const std::function<void(void*)> send = [flight, &request](void* tag) {
      flight->stream->WriteLast(request, grpc::WriteOptions(), tag);
    };
    co_await step(send);
  }

  /// One operation on the stream, from its beginning to its completion; gRPC's `ok`.
  Awaitable<bool> step(const std::function<void(void*)>& operation) {
    if (!ticket_->begin(*link_->loop, operation))
      throw CallError(kEvents.method, Code::kCancelled, "the connection to the runtime was shut down");
    co_return co_await ticket_->landed();
  }

  std::shared_ptr<Link> link_;
  std::optional<rpc::Ticket> ticket_;  // from the first next() on
  bool ended_ = false;
};

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
  if (!outcome.status.ok()) fail(called, outcome.status);
  co_return outcome.reply;
}

std::unique_ptr<EventStream> open_event_stream(std::shared_ptr<Link> link) {
  return std::make_unique<GrpcEventStream>(std::move(link));
}

}  // namespace edgecore::cri
