// SPDX-License-Identifier: Apache-2.0
#include <grpc/compression.h>
#include <grpcpp/create_channel_posix.h>
#include <spdlog/fmt/fmt.h>

#include "devicetwin/dmi/dmi_convert.hpp"
#include "devicetwin/dmi/dmi_door.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/devicetwin/dmi.hpp"
#include "edgecore/rpc/unary.hpp"

namespace edgecore::devicetwin {
namespace {

using Code = DmiStatus::Code;

constexpr const char* kService = "/v1beta1.DeviceMapperService/";
/// A mapper's answer holds a name and a namespace at most.
constexpr int kMaxReplyBytes = 64 * 1024;
constexpr std::size_t kMaxQuoted = 500;

/// A channel on an open connection. It ends with the connection: there is no name to resolve and no
/// reconnect. It has an authority because gRPC servers in Go refuse calls without one.
std::shared_ptr<grpc::Channel> channel_on(FileDescriptor connection) {
  grpc::ChannelArguments arguments = rpc::plain_channel_arguments();
  arguments.SetMaxReceiveMessageSize(kMaxReplyBytes);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  // A small compressed reply could expand to a large one.
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1U << GRPC_COMPRESS_NONE);
  return grpc::CreateCustomInsecureChannelFromFd("mapper", connection.release(), arguments);
}

/// The parts that all error texts about a call share.
struct Subject {
  std::string address;
  const char* method;
  std::chrono::milliseconds deadline;
};

/// Maps gRPC's codes to those of DmiStatus.
Code code_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
      return Code::kInvalidArgument;
    case grpc::StatusCode::NOT_FOUND:
      return Code::kNotFound;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return Code::kResourceExhausted;
    case grpc::StatusCode::INTERNAL:
      return Code::kInternal;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::CANCELLED:
      return Code::kUnavailable;
    default:
      return Code::kUnknown;
  }
}

DmiStatus status_of(const grpc::Status& status, const Subject& subject) {
  if (status.ok()) return {};
  const Code code = code_of(status.error_code());
  const std::string where = log::quote(subject.address);
  const std::string said = log::quote(status.error_message(), kMaxQuoted);
  switch (status.error_code()) {
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {code, fmt::format("the mapper at \"{}\" did not answer {} within {} ms", where, subject.method,
                                subject.deadline.count())};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {code, fmt::format("the mapper at \"{}\" does not serve {}", where, subject.method)};
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::CANCELLED:
      return {code, fmt::format("the call {} to the mapper at \"{}\" was cut off: {}", subject.method, where,
                                said)};
    default:
      return {code, fmt::format("the mapper at \"{}\" failed {}: {}", where, subject.method, said)};
  }
}

/// Opens a connection for each call, like v1.17: on a unix socket that takes well under a millisecond, and
/// nothing is kept between the rare calls. A restarted mapper is reached at once, because no back-off of an
/// earlier connection delays the call.
boost::asio::awaitable<DmiStatus> call_mapper(std::shared_ptr<rpc::CompletionLoop> loop, std::string address,
                                              MapperCall what, std::chrono::milliseconds deadline) {
  rpc::Call call;
  Subject subject{std::move(address), "", deadline};
  try {
    const MapperRequest request = write_request(what);
    what = {};
    subject.method = request.method;
    const grpc::Slice slice(request.bytes);
    call.request = grpc::ByteBuffer(&slice, 1);
    call.channel = channel_on(connect_to_socket(rpc::socket_path(subject.address, "the mapper's address")));
  } catch (const BadInput& error) {
    co_return DmiStatus{Code::kInvalidArgument, error.what()};
  } catch (const SystemError& error) {
    co_return DmiStatus{Code::kUnavailable, fmt::format("the mapper is not reachable: {}", error.what())};
  }
  call.loop = std::move(loop);
  call.path = std::string(kService) + subject.method;
  call.limit = deadline;
  const auto outcome = co_await rpc::ask(std::move(call));
  co_return status_of(outcome.status, subject);
}

class Client final : public MapperClient {
 public:
  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() override {
    if (loop_) loop_->shut_down();
  }

  boost::asio::awaitable<DmiStatus> call(std::string address, MapperCall call,
                                         std::chrono::milliseconds deadline) override {
    if (!loop_) loop_ = std::make_shared<rpc::CompletionLoop>("dmi-calls");
    return call_mapper(loop_, std::move(address), std::move(call), deadline);
  }

 private:
  std::shared_ptr<rpc::CompletionLoop> loop_;  // from the first call on
};

}  // namespace

std::unique_ptr<MapperClient> make_grpc_mapper_client() {
  return std::make_unique<Client>();
}

}  // namespace edgecore::devicetwin
