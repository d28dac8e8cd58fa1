// SPDX-License-Identifier: Apache-2.0
#include "edgecore/cri/grpc_health.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <health.pb.h>
#include <spdlog/fmt/fmt.h>

#include <boost/asio/ip/address.hpp>

#include "edgecore/cri/call_error.hpp"
#include "edgecore/rpc/unary.hpp"

namespace edgecore::cri {
namespace {

namespace health = grpc::health::v1;
using Kind = HealthAnswer::Kind;

constexpr const char* kPath = "/grpc.health.v1.Health/Check";
constexpr const char* kUserAgent = "kube-probe/1.28";
/// The answer is one number; a larger one is rejected.
constexpr int kMaxAnswerBytes = 16 * 1024;
constexpr int kFirstProbeReconnectMillis = 100;
constexpr int kLastProbeReconnectMillis = 1000;

/// gRPC's name of an address; the scheme says that nothing has to be resolved.
std::string target_of(const HealthQuestion& question) {
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(question.host, failed);
  if (failed) throw BadInput("A gRPC probe needs the pod's IP address, not \"" + question.host + "\".");
  if (address.is_v4()) return fmt::format("ipv4:{}:{}", question.host, question.port);
  return fmt::format("ipv6:[{}]:{}", question.host, question.port);
}

std::shared_ptr<grpc::Channel> open_channel(const HealthQuestion& question) {
  grpc::ChannelArguments arguments = rpc::plain_channel_arguments();
  arguments.SetUserAgentPrefix(kUserAgent);
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstProbeReconnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastProbeReconnectMillis);
  return grpc::CreateCustomChannel(target_of(question), grpc::InsecureChannelCredentials(), arguments);
}

/// Reads the server's answer.
HealthAnswer answer_of(const grpc::ByteBuffer& reply) {
  health::HealthCheckResponse response;
  if (!rpc::parse(reply, response))
    return {Kind::kNotServing, "the answer is not one of the health protocol"};
  switch (response.status()) {
    case health::HealthCheckResponse::SERVING:
      return {Kind::kServing, "SERVING"};
    case health::HealthCheckResponse::NOT_SERVING:
      return {Kind::kNotServing, "the server says NOT_SERVING"};
    case health::HealthCheckResponse::SERVICE_UNKNOWN:
      return {Kind::kNotServing, "the server says SERVICE_UNKNOWN"};
    default:
      return {Kind::kNotServing, "the server says UNKNOWN"};
  }
}

/// Why there is no answer. `connected`: whether the connection was up at the time-out.
HealthAnswer problem_of(const grpc::Status& status, bool connected, const HealthQuestion& question) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNIMPLEMENTED:
      return {Kind::kNotServing, "the server has no health service (grpc.health.v1.Health)"};
    case grpc::StatusCode::NOT_FOUND:
      return {Kind::kNotServing, fmt::format("the server does not know the service \"{}\": {}",
                                             question.service, status.error_message())};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {Kind::kUnreachable,
              fmt::format("{} {}:{} within {} ms", connected ? "no answer from" : "no gRPC connection to",
                          question.host, question.port, question.timeout.count())};
    default:
      return {Kind::kUnreachable,
              fmt::format("the health check of {}:{} failed: {}: {}", question.host, question.port,
                          code_name(code_of(static_cast<int>(status.error_code()))), status.error_message())};
  }
}

boost::asio::awaitable<HealthAnswer> ask_health(std::shared_ptr<rpc::CompletionLoop> loop,
                                                HealthQuestion question) {
  const auto channel = open_channel(question);
  health::HealthCheckRequest request;
  request.set_service(question.service);
  rpc::Call call;
  call.loop = std::move(loop);
  call.channel = channel;
  call.path = kPath;
  call.request = rpc::pack(request);
  call.limit = question.timeout;
  call.wait_for_ready = true;
  const auto outcome = co_await rpc::ask(std::move(call));
  if (outcome.status.ok()) co_return answer_of(outcome.reply);
  const bool connected = channel->GetState(false) == GRPC_CHANNEL_READY;
  co_return problem_of(outcome.status, connected, question);
}

class Checker final : public GrpcHealthChecker {
 public:
  Checker() = default;
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;
  ~Checker() override {
    if (loop_) loop_->shut_down();
  }

  boost::asio::awaitable<HealthAnswer> check(HealthQuestion question) override {
    if (!loop_) loop_ = std::make_shared<rpc::CompletionLoop>("cri");
    return ask_health(loop_, std::move(question));
  }

 private:
  std::shared_ptr<rpc::CompletionLoop> loop_;  // from the first check on
};

}  // namespace

std::unique_ptr<GrpcHealthChecker> make_grpc_health_checker() {
  return std::make_unique<Checker>();
}

}  // namespace edgecore::cri
