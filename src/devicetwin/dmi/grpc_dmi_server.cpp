// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "devicetwin/dmi/dmi_convert.hpp"
#include "devicetwin/dmi/dmi_door.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/thread.hpp"
#include "edgecore/devicetwin/dmi.hpp"
#include "edgecore/rpc/grpc_log.hpp"
#include "edgecore/rpc/unary.hpp"

namespace edgecore::devicetwin {
namespace {

// ---- Limits. Mappers are few and local; these are far above their needs.
constexpr int kMaxRequestBytes = 1024 * 1024;
constexpr std::size_t kMaxConnections = 128;
constexpr int kMaxStreamsPerConnection = 64;
constexpr std::size_t kMaxRpcs = 256;                           // open: read, waiting, or being answered
constexpr std::size_t kMaxWaitingBytes = 8UL * 1024 * 1024;     // of requests that wait for an answer
constexpr std::size_t kMaxTransportBytes = 16UL * 1024 * 1024;  // of all connections' buffers
constexpr std::size_t kMaxStatusText = 1000;  // a status travels in headers, which clients bound to 8 KiB
/// An idle connection is closed after this; clients reconnect with their next call.
constexpr int kMaxIdleMillis = 5 * 60 * 1000;
/// Time a stopping server gives answers to be sent.
constexpr auto kStopGrace = std::chrono::milliseconds(200);

constexpr const char* kStopping = "edgecore's device module is stopping; try again";
constexpr const char* kTooMany = "edgecore has too many requests of mappers in hand; try again later";

struct Method {
  std::string_view path;
  DmiRequest::Kind kind;
};
constexpr Method kMethods[] = {
    {"/v1beta1.DeviceManagerService/MapperRegister", DmiRequest::Kind::kRegister},
    {"/v1beta1.DeviceManagerService/ReportDeviceStatus", DmiRequest::Kind::kReportStatus},
    {"/v1beta1.DeviceManagerService/ReportDeviceStates", DmiRequest::Kind::kReportStates},
};

const Method* method_of(std::string_view path) {
  for (const Method& method : kMethods)
    if (method.path == path) return &method;
  return nullptr;
}

/// Cuts the text to fit a header, at a UTF-8 character's boundary.
std::string cut(std::string text) {
  if (text.size() <= kMaxStatusText) return text;
  std::size_t end = kMaxStatusText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

grpc::Status status_of(const DmiStatus& status) {
  if (status.ok()) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code), cut(status.text)};
}

/// One rpc of a mapper, or the slot for the next one. At most one operation on it is under way; in addition
/// gRPC reports the end of the rpc, for whatever reason (`done`).
struct Rpc {
  enum class Step { kAwaited, kReading, kWaiting, kFinishing };
  /// gRPC's completion tag: the rpc, and whether the rpc or its operation has ended.
  struct Tag {
    Rpc* rpc;
    bool over;
  };

  explicit Rpc(std::uint64_t number) : id(number) {}
  Rpc(const Rpc&) = delete;
  Rpc& operator=(const Rpc&) = delete;

  const std::uint64_t id;
  Tag operation{this, false};
  Tag done{this, true};
  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter stream{&context};
  grpc::ByteBuffer request;
  const Method* method = nullptr;
  std::size_t waiting_bytes = 0;
  Step step = Step::kAwaited;
  bool operating = false;
  bool over = false;
};

/// gRPC's asynchronous server on one completion queue with one thread: the synchronous server would keep a
/// pool of threads. Only the queue's thread removes rpcs; the module's thread only starts answers, under the
/// mutex.
class Server final : public DmiServer {
 public:
  Server(const std::filesystem::path& socket, DmiSink sink) : sink_(std::move(sink)) {
    start();
    try {
      const auto take = [this](int fd) { grpc::AddInsecureChannelFromFd(server_.get(), fd); };
      door_.emplace(socket, kMaxConnections, take);
    } catch (...) {
      stop();
      throw;
    }
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() override { stop(); }

  void answer(std::uint64_t id, const DmiStatus& status) override {
    const std::lock_guard lock(mutex_);
    if (Rpc* const rpc = waiting(id)) finish(*rpc, status_of(status));
  }

  bool answer_register(std::uint64_t id, const std::vector<nlohmann::json>& models,
                       const std::vector<nlohmann::json>& devices) override {
    {
      const std::lock_guard lock(mutex_);
      if (waiting(id) == nullptr) return false;
    }
    const auto reply = rpc::pack(register_response(models, devices));
    const std::lock_guard lock(mutex_);
    Rpc* const rpc = waiting(id);
    if (rpc == nullptr) return false;
    succeed(*rpc, reply);
    return true;
  }

 private:
  void start();
  void stop();
  void run();

  // Call these with the mutex held.
  Rpc* waiting(std::uint64_t id);
  void await_next();
  void begun(Rpc& rpc);
  void finish(Rpc& rpc, const grpc::Status& status);
  void succeed(Rpc& rpc, const grpc::ByteBuffer& reply);
  void leave_waiting(Rpc& rpc);
  void remove_if_ended(Rpc& rpc);

  // These take the mutex; called on the queue's thread.
  void on_over(Rpc& rpc);
  void on_operation(Rpc& rpc, bool ok);
  void on_request(Rpc& rpc);
  [[nodiscard]] DmiStatus hand_over(Rpc& rpc);

  const DmiSink sink_;
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::mutex mutex_;
  std::map<std::uint64_t, std::unique_ptr<Rpc>> rpcs_;
  std::uint64_t last_id_ = 0;
  std::size_t waiting_bytes_ = 0;
  bool stopping_ = false;
  std::thread thread_;
  std::optional<Door> door_;  // last member: it passes connections to the ones above
};

void Server::start() {
  rpc::take_over_log();
  grpc::ServerBuilder builder;
  builder.RegisterAsyncGenericService(&service_);
  queue_ = builder.AddCompletionQueue();
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  // A small compressed request could expand to a large one; a local socket needs no compression.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  grpc::ResourceQuota quota("dmi");
  quota.Resize(kMaxTransportBytes);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kMaxIdleMillis);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, std::numeric_limits<int>::max());
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  // Allows pings of any rate, also between rpcs; by default gRPC would close the connection.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  server_ = builder.BuildAndStart();
  if (!server_) throw Error("The gRPC server for mappers cannot be started.");
  thread_ = start_quiet_thread("dmi", [this] { run(); });
  const std::lock_guard lock(mutex_);
  await_next();
}

void Server::stop() {
  door_.reset();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [id, rpc] : rpcs_) {
      if (rpc->step == Rpc::Step::kWaiting)
        finish(*rpc, {grpc::StatusCode::UNAVAILABLE, kStopping});
      else if (rpc->step == Rpc::Step::kReading)
        rpc->context.TryCancel();
    }
  }
  server_->Shutdown(std::chrono::system_clock::now() + kStopGrace);
  queue_->Shutdown();
  thread_.join();
}

void Server::run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
    const auto* what = static_cast<Rpc::Tag*>(tag);
    if (what->over)
      on_over(*what->rpc);
    else
      on_operation(*what->rpc, ok);
  }
}

Rpc* Server::waiting(std::uint64_t id) {
  const auto found = rpcs_.find(id);
  const bool is = found != rpcs_.end() && found->second->step == Rpc::Step::kWaiting && !stopping_;
  return is ? found->second.get() : nullptr;
}

void Server::await_next() {
  auto next = std::make_unique<Rpc>(++last_id_);
  next->operating = true;
  next->context.AsyncNotifyWhenDone(&next->done);
  service_.RequestCall(&next->context, &next->stream, queue_.get(), queue_.get(), &next->operation);
  rpcs_.emplace(next->id, std::move(next));
}

/// A mapper has called; its request has not been read yet.
void Server::begun(Rpc& rpc) {
  rpc.method = method_of(rpc.context.method());
  if (stopping_) return finish(rpc, {grpc::StatusCode::UNAVAILABLE, kStopping});
  await_next();
  if (rpc.method == nullptr)
    return finish(rpc, {grpc::StatusCode::UNIMPLEMENTED,
                        cut("edgecore does not serve " + log::quote(rpc.context.method()))});
  if (rpcs_.size() > kMaxRpcs + 1)  // plus the slot for the next one
    return finish(rpc, {grpc::StatusCode::RESOURCE_EXHAUSTED, kTooMany});
  rpc.step = Rpc::Step::kReading;
  rpc.operating = true;
  rpc.stream.Read(&rpc.request, &rpc.operation);
}

void Server::leave_waiting(Rpc& rpc) {
  waiting_bytes_ -= rpc.waiting_bytes;
  rpc.waiting_bytes = 0;
}

void Server::finish(Rpc& rpc, const grpc::Status& status) {
  if (status.ok()) return succeed(rpc, rpc::pack(v1beta1::ReportDeviceStatusResponse()));
  leave_waiting(rpc);
  rpc.step = Rpc::Step::kFinishing;
  rpc.operating = true;
  rpc.stream.Finish(status, &rpc.operation);
}

void Server::succeed(Rpc& rpc, const grpc::ByteBuffer& reply) {
  leave_waiting(rpc);
  rpc.step = Rpc::Step::kFinishing;
  rpc.operating = true;
  rpc.stream.WriteAndFinish(reply, grpc::WriteOptions(), grpc::Status::OK, &rpc.operation);
}

void Server::remove_if_ended(Rpc& rpc) {
  if (!rpc.over || rpc.operating) return;
  leave_waiting(rpc);
  rpcs_.erase(rpc.id);
}

void Server::on_over(Rpc& rpc) {
  const std::lock_guard lock(mutex_);
  rpc.over = true;
  remove_if_ended(rpc);
}

void Server::on_operation(Rpc& rpc, bool ok) {
  {
    const std::lock_guard lock(mutex_);
    rpc.operating = false;
    if (rpc.step == Rpc::Step::kAwaited) {
      if (ok) return begun(rpc);
      rpcs_.erase(rpc.id);  // the server stops; `done` is reported only for rpcs that began
      return;
    }
    if (rpc.step == Rpc::Step::kFinishing || rpc.over) return remove_if_ended(rpc);
    if (!ok || stopping_)
      return finish(rpc, {grpc::StatusCode::INVALID_ARGUMENT, "the request did not arrive"});
  }
  on_request(rpc);
}

/// The request has been read. Parses it and passes it on without the mutex, because the answer may come at
/// once.
void Server::on_request(Rpc& rpc) {
  const DmiStatus refused = hand_over(rpc);
  if (refused.ok()) return;
  const std::lock_guard lock(mutex_);
  // The stopping server may have ended it meanwhile.
  if (rpc.step == Rpc::Step::kReading || rpc.step == Rpc::Step::kWaiting) finish(rpc, status_of(refused));
}

DmiStatus Server::hand_over(Rpc& rpc) {
  const std::size_t size = rpc.request.Length();
  DmiRequest request;
  try {
    grpc::Slice bytes;
    if (!rpc.request.DumpToSingleSlice(&bytes).ok()) throw BadInput("The request cannot be read.");
    rpc.request.Clear();
    const std::string_view text(reinterpret_cast<const char*>(bytes.begin()), bytes.size());  // NOLINT: bytes
    request = read_request(rpc.method->kind, text);
  } catch (const BadInput& error) {
    return {DmiStatus::Code::kInvalidArgument, error.what()};
  }
  request.id = rpc.id;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return {DmiStatus::Code::kUnavailable, kStopping};
    if (waiting_bytes_ + size > kMaxWaitingBytes) return {DmiStatus::Code::kResourceExhausted, kTooMany};
    rpc.waiting_bytes = size;
    waiting_bytes_ += size;
    rpc.step = Rpc::Step::kWaiting;
  }
  if (!sink_(std::move(request))) return {DmiStatus::Code::kResourceExhausted, kTooMany};
  return {};
}

}  // namespace

std::unique_ptr<DmiServer> make_grpc_dmi_server(const std::filesystem::path& socket, DmiSink sink) {
  return std::make_unique<Server>(socket, std::move(sink));
}

}  // namespace edgecore::devicetwin
