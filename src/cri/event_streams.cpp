// SPDX-License-Identifier: Apache-2.0
#include "cri/event_streams.hpp"

#include <containerd_events.pb.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <functional>
#include <utility>

#include "cri/convert.hpp"

namespace edgecore::cri {
namespace {

namespace containerd = ::containerd::services::events::v1;

/// The messages of a server-streaming rpc, as bytes. The rpc starts with the first `next`.
class ByteStream {
 public:
  ByteStream(std::shared_ptr<Link> link, const char* method, std::string path, grpc::ByteBuffer request)
      : link_(std::move(link)), method_(method), path_(std::move(path)), request_(std::move(request)) {}

  [[nodiscard]] const char* method() const { return method_; }

  Awaitable<std::optional<grpc::ByteBuffer>> next() {
    if (ended_) throw CallError(method_, Code::kFailedPrecondition, "the event stream has ended");
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
      if (!flight->status.ok()) fail(method_, flight->status);
      co_return std::nullopt;
    }
    ended_ = false;
    co_return flight->reply;
  }

 private:
  /// Sends the request. What goes wrong is told by the Read and Finish that follow in any case.
  Awaitable<void> open() {
    const auto executor = co_await boost::asio::this_coro::executor;
    ticket_.emplace(executor);
    rpc::Flight* const flight = ticket_->operator->();
    flight->stream = link_->stub.PrepareCall(&flight->context, path_, link_->loop->queue());
    const std::function<void(void*)> start = [flight](void* tag) { flight->stream->StartCall(tag); };
    co_await step(start);
    const std::function<void(void*)> send = [flight, this](void* tag) {
      flight->stream->WriteLast(request_, grpc::WriteOptions(), tag);
    };
    co_await step(send);
  }

  /// One operation on the stream, from its beginning to its completion; gRPC's `ok`.
  Awaitable<bool> step(const std::function<void(void*)>& operation) {
    if (!ticket_->begin(*link_->loop, operation))
      throw CallError(method_, Code::kCancelled, "the connection to the runtime was shut down");
    co_return co_await ticket_->landed();
  }

  std::shared_ptr<Link> link_;
  const char* method_;
  std::string path_;
  grpc::ByteBuffer request_;
  std::optional<rpc::Ticket> ticket_;  // from the first next() on
  bool ended_ = false;
};

/// Messages that `read_out` turns down (nullopt) are skipped.
template <class Message, class Event>
class GrpcStream final : public Stream<Event> {
 public:
  using ReadOut = std::optional<Event> (*)(const Message&);
  template <class... Args>
  explicit GrpcStream(ReadOut read_out, Args&&... args)
      : bytes_(std::forward<Args>(args)...), read_out_(read_out) {}

  Awaitable<std::optional<Event>> next() override {
    while (const std::optional<grpc::ByteBuffer> bytes = co_await bytes_.next()) {
      Message message;
      unpack(*bytes, message, bytes_.method());
      if (std::optional<Event> event = read_out_(message)) co_return event;
    }
    co_return std::nullopt;
  }

 private:
  ByteStream bytes_;
  ReadOut read_out_;
};

// ---- containerd's events

constexpr const char* kExitTopic = "/tasks/exit";
constexpr const char* kOomTopic = "/tasks/oom";

/// Of CRI's containers only: containerd sends the events of all namespaces to everybody.
std::string events_of(const char* topic) {
  return std::string(R"(namespace=="k8s.io",topic==")") + topic + '"';
}

std::int64_t nanos_of(const containerd::Time& time) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  return std::clamp<std::int64_t>(time.seconds(), 0, INT64_MAX / kSecond - 1) * kSecond + time.nanos();
}

std::optional<TaskEvent> read_exit(const std::string& bytes) {
  containerd::TaskExit exit;
  if (!exit.ParseFromString(bytes) || exit.id() != exit.container_id()) return std::nullopt;
  return TaskEvent{exit.container_id(), TaskEvent::Kind::kExit, static_cast<std::int32_t>(exit.exit_status()),
                   nanos_of(exit.exited_at())};
}

std::optional<TaskEvent> read_oom(const std::string& bytes) {
  containerd::TaskOOM oom;
  if (!oom.ParseFromString(bytes)) return std::nullopt;
  return TaskEvent{oom.container_id(), TaskEvent::Kind::kOom, 0, 0};
}

std::optional<TaskEvent> read_task_event(const containerd::Envelope& in) {
  if (in.topic() == kExitTopic) return read_exit(in.event().value());
  if (in.topic() == kOomTopic) return read_oom(in.event().value());
  return std::nullopt;
}

}  // namespace

std::unique_ptr<EventStream> open_event_stream(std::shared_ptr<Link> link) {
  const Rpc called{"RuntimeService", "GetContainerEvents", std::nullopt};
  return std::make_unique<GrpcStream<v1::ContainerEventResponse, ContainerEvent>>(
      [](const v1::ContainerEventResponse& in) { return std::optional(read(in)); }, std::move(link),
      called.method, called.path(), rpc::pack(v1::GetEventsRequest()));
}

std::unique_ptr<TaskEventStream> open_task_event_stream(std::shared_ptr<Link> link) {
  containerd::SubscribeRequest request;
  request.add_filters(events_of(kExitTopic));
  request.add_filters(events_of(kOomTopic));
  return std::make_unique<GrpcStream<containerd::Envelope, TaskEvent>>(
      read_task_event, std::move(link), "Subscribe", "/containerd.services.events.v1.Events/Subscribe",
      rpc::pack(request));
}

}  // namespace edgecore::cri
